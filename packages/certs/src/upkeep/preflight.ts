import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { refusedAddress } from '@dproxy/core';
import { type ChallengeAnswer, type ChallengeSolver, IssueError } from '../ports.ts';
import { fetchProbe, type ProbeAnswer } from './fetch-probe.ts';
import { resolveName } from './resolve-name.ts';

const TIMEOUT_MS = 10_000;
/** An authority asks few, too; a name with a hundred addresses must not make us connect to a hundred hosts. */
const MAX_ADDRESSES = 4;
const HAIRPIN = 'or set acme.preflight: false where this host cannot reach itself by its public address';

export interface ReachabilityCheck {
  /** Or an IP address. */
  readonly name: string;
  /** False: only tls-alpn-01 is used, and port 80 may be closed. */
  readonly hasHttp: boolean;
  /** `address:port` of DNS servers; empty: the system's. */
  readonly resolvers: readonly string[];
}

/** Whether an authority that asks for a name would come to us. */
export interface Reachability {
  /** @throws IssueError with what was seen, and what to do */
  check(check: ReachabilityCheck, signal: AbortSignal): Promise<void>;
}

export interface PreflightOptions {
  readonly solver: ChallengeSolver;
  /** Where authorities ask: 80, but for authorities in tests. */
  readonly port: number;
}

/**
 * Puts a token of our own where the authority's would be and fetches it by the name's public addresses, as the authority will.
 * It connects only to what the name resolves to, and reads 2 KiB at most: whoever controls a name cannot use it to look
 * around here.
 */
export class Preflight implements Reachability {
  readonly #solver: ChallengeSolver;
  readonly #port: number;

  constructor({ solver, port }: PreflightOptions) {
    this.#solver = solver;
    this.#port = port;
  }

  async check({ name, hasHttp, resolvers }: ReachabilityCheck, signal: AbortSignal): Promise<void> {
    const addresses = await this.#resolve(name, resolvers, signal);
    if (!hasHttp) return;
    const token = randomBytes(24).toString('base64url');
    const keyAuthorization = `${token}.${randomBytes(32).toString('base64url')}`;
    const answer: ChallengeAnswer = { type: 'http-01', host: name, token, keyAuthorization };
    try {
      await this.#solver.present(answer, signal);
      const limited = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
      const probe = { port: this.#port, host: name, token };
      const seen = await Promise.all(addresses.map((address) => fetchProbe({ ...probe, address }, limited)));
      signal.throwIfAborted();
      judge(name, keyAuthorization, seen);
    } finally {
      await this.#solver.withdraw(answer);
    }
  }

  async #resolve(name: string, resolvers: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
    if (isIP(name) !== 0) return [name];
    const found = await resolveName(name, resolvers, signal);
    const usable = found.filter((address) => refusedAddress(address, this.#port, []) === undefined);
    if (usable.length > 0) return usable.slice(0, MAX_ADDRESSES);
    const problem = found.length === 0 ? 'does not resolve to any address' : `resolves only to ${found.join(', ')}`;
    throw new IssueError('unauthorized', `${name} ${problem}`, {
      advice: `make an A or AAAA record for ${name} with the public address of this host`,
      host: name,
    });
  }
}

/**
 * One right answer is enough where the other addresses do not answer at all: authorities try IPv4 after IPv6. A wrong answer
 * is not: they believe whichever address they came to.
 */
function judge(name: string, expected: string, seen: readonly ProbeAnswer[]): void {
  const wrong = seen.filter((answer) => answer.type === 'answered' && answer.body !== expected);
  const isRight = seen.some((answer) => answer.type === 'answered' && answer.body === expected);
  if (isRight && wrong.length === 0) return;
  const shown = (wrong.length > 0 ? wrong : seen).map(describe).join('; ');
  const advice =
    wrong.length > 0
      ? `point ${name} at this host and take old records away, for another server answers there; ${HAIRPIN}`
      : `open port 80 to this host, and see that ${name} points at it; ${HAIRPIN}`;
  throw new IssueError('unauthorized', `${name} does not reach this host: ${shown}`, { advice, host: name });
}

function describe(answer: ProbeAnswer): string {
  if (answer.type === 'failed') return `${answer.address}: ${answer.reason}`;
  const to = answer.location === '' ? '' : ` to ${answer.location.slice(0, 120)}`;
  return `${answer.address} answered with status ${answer.status}${to} and not with our token`;
}
