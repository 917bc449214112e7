import { retryAfterInText, retryAfterMs } from '../retry-after.ts';

/** RFC 8555 section 6.7: what an authority says when it refuses, made harmless for logs. */
export interface AcmeProblem {
  /** The error's name without its URN (`rateLimited`); empty: not an ACME error. */
  readonly type: string;
  readonly detail: string;
  /** The identifier that it is about, where one is named; else empty. */
  readonly host: string;
  /** HTTP status; 0: told inside of an order or a challenge. */
  readonly status: number;
  /** 0: not said. */
  readonly retryAfterMs: number;
  /** A page for a person (`userActionRequired`); empty: none. */
  readonly instance: string;
}

export class AcmeProblemError extends Error {
  override readonly name = 'AcmeProblemError';
  readonly problem: AcmeProblem;

  constructor(problem: AcmeProblem) {
    super(problem.detail === '' ? problem.type : problem.detail);
    this.problem = problem;
  }
}

/** What an authority sent, or what is set here, cannot be used: found by us, told like what it tells. */
export function ownProblem(detail: string, { type = '', status = 0 } = {}): AcmeProblemError {
  return new AcmeProblemError({ type, detail, host: '', status, retryAfterMs: 0, instance: '' });
}

const URN = 'urn:ietf:params:acme:error:';
/** Longer texts come from pages of load balancers, or quote what a stranger's server answered to the authority. */
const MAX_DETAIL = 500;

interface Source {
  readonly status: number;
  readonly retryAfter: unknown;
  readonly nowMs: number;
}

/** Reads a problem document (RFC 9457), or whatever came in its place. */
export function readProblem(document: unknown, { status, retryAfter, nowMs }: Source): AcmeProblem {
  const outer = fieldsOf(document);
  const inner = subproblem(outer);
  const chosen = inner ?? outer;
  const detail = cleanText(chosen['detail']) || cleanText(outer['detail']);
  return {
    type: nameOf(chosen['type']) || nameOf(outer['type']),
    detail: detail || (status > 0 ? `HTTP status ${status}` : 'no reason given'),
    host: cleanText(fieldsOf(inner?.['identifier'])['value']).toLowerCase(),
    status,
    retryAfterMs: retryAfterMs(retryAfter, nowMs) || retryAfterInText(detail, nowMs),
    instance: webAddress(outer['instance']),
  };
}

/** RFC 8555 section 6.7.1: one of them says more than the `compound` or `malformed` around it. */
function subproblem(outer: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> | undefined {
  const list: unknown = outer['subproblems'];
  if (!Array.isArray(list) || list.length === 0) return undefined;
  return fieldsOf(list[0]);
}

export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

function nameOf(type: unknown): string {
  return typeof type === 'string' && type.startsWith(URN) ? cleanText(type.slice(URN.length)) : '';
}

function cleanText(value: unknown): string {
  if (typeof value !== 'string') return '';
  return value
    .slice(0, MAX_DETAIL)
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim();
}

/** A link that a log or the dashboard may show. */
export function webAddress(value: unknown): string {
  if (typeof value !== 'string' || value.length > 2048) return '';
  const url = URL.parse(value);
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? url.href : '';
}
