import { setTimeout as delay } from 'node:timers/promises';
import { retryAfterMs } from '../retry-after.ts';
import { IssueError } from '../ports.ts';
import { redact } from './redact.ts';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body: string;
}

export interface ApiCall {
  readonly title: string;
  /** The zone or name that it is about, for messages. */
  readonly subject: string;
  readonly secrets: readonly string[];
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly nowMs: () => number;
  /** Whether an answer that is not 2xx is for the caller, too. */
  readonly accepts?: (answer: ApiAnswer) => boolean;
  /** Whether the provider says "too fast" otherwise than by 429. */
  readonly isThrottled?: (answer: ApiAnswer) => boolean;
  /** What the provider says went wrong. */
  readonly messageOf: (body: string) => string;
  /** What the operator must do when the provider refuses. */
  readonly adviceFor: (answer: ApiAnswer) => string;
}

/** Trouble between the provider's front and its back. Every change here may be made twice without harm. */
const PASSING = new Set([502, 503, 504]);
const MAX_ATTEMPTS = 4;
/** What a provider asks for beyond it is handed on, and the order is tried again later. */
const MAX_WAIT_MS = 20_000;
const MAX_ANSWER_BYTES = 1_048_576;

/**
 * One call, repeated a few times while the provider says that it is too fast, or is not there for a moment. `request` is asked anew each time, because
 * signatures carry the time.
 * @throws IssueError, or the signal's reason
 */
export async function callApi(request: () => ApiRequest, call: ApiCall): Promise<ApiAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    // oxlint-disable-next-line no-await-in-loop -- again only when it was refused
    const { answer, retryAfterMs } = await send(request(), call);
    const isThrottled = answer.status === 429 || (call.isThrottled?.(answer) ?? false);
    if (!isThrottled && !PASSING.has(answer.status)) {
      if ((answer.status >= 200 && answer.status < 300) || (call.accepts?.(answer) ?? false)) return answer;
      throw refusal(answer, call, retryAfterMs);
    }
    const waitMs = retryAfterMs > 0 ? retryAfterMs : 500 * 2 ** attempt;
    if (attempt >= MAX_ATTEMPTS || waitMs > MAX_WAIT_MS) {
      throw isThrottled ? tooFast(answer, call, waitMs) : refusal(answer, call, retryAfterMs);
    }
    // oxlint-disable-next-line no-await-in-loop -- what the provider asked for
    await delay(waitMs, undefined, { signal: call.signal });
  }
}

async function send(request: ApiRequest, call: ApiCall): Promise<{ answer: ApiAnswer; retryAfterMs: number }> {
  const { title, subject, timeoutMs, signal } = call;
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const { method, url, headers, body } = request;
    // Not followed: a redirect would carry the secret to whomever it names.
    const options = { method, headers, redirect: 'manual', signal: AbortSignal.any([signal, timeout]) } as const;
    const response = await fetch(url, body === undefined ? options : { ...options, body });
    const answer = { status: response.status, body: await readBounded(response) };
    return { answer, retryAfterMs: retryAfterMs(response.headers.get('retry-after'), call.nowMs()) };
  } catch (error) {
    signal.throwIfAborted();
    const why = timeout.aborted ? `did not answer within ${timeoutMs} ms` : `cannot be reached: ${causeOf(error)}`;
    throw new IssueError('unreachable', `${title} ${why} (${subject})`, {
      advice: `Check that this machine reaches ${new URL(request.url).host}.`,
      // Not the error itself: undici hangs the request with its headers on some of them.
      cause: undefined,
    });
  }
}

async function readBounded(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    // Leaving the loop cancels the body.
    if (size > MAX_ANSWER_BYTES) throw new Error(`the answer has more than ${MAX_ANSWER_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function refusal(answer: ApiAnswer, call: ApiCall, retryAfterMs: number): IssueError {
  const problem = answer.status >= 500 ? 'unreachable' : 'misconfigured';
  return new IssueError(problem, describe(answer, call), { advice: call.adviceFor(answer), retryAfterMs });
}

function tooFast(answer: ApiAnswer, call: ApiCall, retryAfterMs: number): IssueError {
  return new IssueError('rate-limited', describe(answer, call), {
    advice: `${call.title} limits how often its API is called; another program may use the same account.`,
    retryAfterMs,
  });
}

function describe(answer: ApiAnswer, { title, subject, secrets, messageOf }: ApiCall): string {
  const said = redact(messageOf(answer.body), secrets);
  return `${title} answered ${answer.status} for ${subject}${said === '' ? '' : `: ${said}`}`;
}

/** fetch says only "fetch failed"; why, and for several addresses of a name only a code, is in its cause. */
function causeOf(error: unknown): string {
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
  if (!(cause instanceof Error)) return String(cause);
  return cause.message === '' ? ((cause as NodeJS.ErrnoException).code ?? cause.name) : cause.message;
}
