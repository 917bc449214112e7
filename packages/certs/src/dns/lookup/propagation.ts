import { setTimeout as delay } from 'node:timers/promises';
import { ask } from '../wire/ask.ts';
import { ServerSilent } from '../wire/exchange.ts';
import { MalformedMessage } from '../wire/malformed-message.ts';
import { TYPE, type DnsMessage } from '../wire/message.ts';
import type { ServerAddress } from '../wire/server-address.ts';
import { recordsOf } from './resolvers.ts';

/** One server that must have the record. */
export interface Target {
  readonly name: string;
  /** Tried in this order until one answers. */
  readonly addresses: readonly ServerAddress[];
  readonly isRecursive: boolean;
  /** Whether it may stay silent: it is waited for only when it answers. */
  readonly mayBeSilent: boolean;
}

export interface TxtRecordSeen {
  readonly name: string;
  readonly value: string;
}

/** What a server lacked at the deadline. */
export interface Missing {
  readonly server: string;
  readonly why: string;
  readonly isSilent: boolean;
}

const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 5_000;
const MAX_TIMEOUT_MS = 3_000;
const MIN_TIMEOUT_MS = 500;

/**
 * Asks every server until all have the value, with growing pauses.
 * @returns those that do not have it at the deadline; empty: all do
 * @throws the signal's reason
 */
export async function waitForTxt(
  record: TxtRecordSeen,
  targets: readonly Target[],
  { deadlineMs, signal }: { readonly deadlineMs: number; readonly signal: AbortSignal },
): Promise<readonly Missing[]> {
  const end = performance.now() + deadlineMs;
  let waiting = targets;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 1.5, MAX_PAUSE_MS)) {
    const timeoutMs = Math.min(MAX_TIMEOUT_MS, Math.max(MIN_TIMEOUT_MS, end - performance.now()));
    // oxlint-disable-next-line no-await-in-loop -- one round after the other
    const looks = await Promise.all(
      waiting.map(async (target) => ({ target, missing: await look(target, record, { timeoutMs, signal }) })),
    );
    const still = looks.filter(
      ({ target, missing }) => missing !== undefined && !(missing.isSilent && target.mayBeSilent),
    );
    if (still.length === 0) return [];
    if (performance.now() + pauseMs >= end) return still.flatMap(({ missing }) => missing ?? []);
    waiting = still.map(({ target }) => target);
    // oxlint-disable-next-line no-await-in-loop -- one round after the other
    await delay(pauseMs, undefined, { signal });
  }
}

async function look(
  target: Target,
  record: TxtRecordSeen,
  limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Missing | undefined> {
  const silent = (why: string): Missing => ({ server: target.name, why, isSilent: true });
  let last = silent('has no address');
  for (const address of target.addresses) {
    try {
      const options = { ...limits, isRecursive: target.isRecursive };
      // oxlint-disable-next-line no-await-in-loop -- another address only when this one is silent
      const why = lackIn(await ask(address, record.name, TYPE.txt, options), record);
      return why === '' ? undefined : { server: target.name, why, isSilent: false };
    } catch (error) {
      if (!(error instanceof ServerSilent) && !(error instanceof MalformedMessage)) throw error;
      last = silent(error.message);
    }
  }
  return last;
}

/** Empty: the answer has the value. */
function lackIn(answer: DnsMessage, { name, value }: TxtRecordSeen): string {
  if (answer.rcode === 'NXDOMAIN') return 'has no such name';
  if (answer.rcode !== 'NOERROR') return `says ${answer.rcode}`;
  const values = recordsOf(answer.answers, name, TYPE.txt);
  if (values.some((found) => found.value === value)) return '';
  if (values.length > 0) return `has only ${values.length} other value${values.length === 1 ? '' : 's'}`;
  return 'has no TXT record of that name';
}
