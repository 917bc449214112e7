import { isIPv6 } from 'node:net';
import { unmapAddress } from './loopback.ts';

export interface LockoutOptions {
  /** Wrong tokens of one client before it has to wait. Default 10. */
  readonly attempts?: number;
  /** How long it waits, in milliseconds; wrong tokens older than this are forgotten. Default 60,000. */
  readonly waitMs?: number;
  /** Clients that are remembered; the one whose last wrong token is the oldest makes room. Default 10,000. */
  readonly maxClients?: number;
}

interface Failures {
  count: number;
  lastMs: number;
}

/**
 * Slows the guessing of the token down to `attempts` per `waitMs` and client. An IPv6 client is its /64, because every
 * home has that many addresses. Memory is finite, whoever comes.
 */
export class Lockout {
  readonly #attempts: number;
  readonly #waitMs: number;
  readonly #maxClients: number;
  /** In order of the last failure, the oldest first. */
  readonly #failures = new Map<string, Failures>();

  constructor({ attempts = 10, waitMs = 60_000, maxClients = 10_000 }: LockoutOptions = {}) {
    this.#attempts = attempts;
    this.#waitMs = waitMs;
    this.#maxClients = maxClients;
  }

  /** Milliseconds that this client has to wait; 0 when it may try. */
  waitMs(address: string, nowMs: number): number {
    const failures = this.#failures.get(clientOf(address));
    if (failures === undefined || failures.count < this.#attempts) return 0;
    return Math.max(0, failures.lastMs + this.#waitMs - nowMs);
  }

  fail(address: string, nowMs: number): void {
    const client = clientOf(address);
    const before = this.#failures.get(client);
    const isRecent = before !== undefined && nowMs - before.lastMs < this.#waitMs;
    this.#failures.delete(client);
    this.#failures.set(client, { count: isRecent ? before.count + 1 : 1, lastMs: nowMs });
    if (this.#failures.size <= this.#maxClients) return;
    const oldest = this.#failures.keys().next();
    if (oldest.done !== true) this.#failures.delete(oldest.value);
  }

  succeed(address: string): void {
    this.#failures.delete(clientOf(address));
  }

  /** Clients that are remembered, for tests of the bound. */
  get size(): number {
    return this.#failures.size;
  }
}

function clientOf(address: string): string {
  const plain = unmapAddress(address);
  return isIPv6(plain) ? firstHalf(plain) : plain;
}

/** The first four groups of an IPv6 address, however it is abbreviated. */
function firstHalf(address: string): string {
  const [head = '', tail] = (address.split('%')[0] ?? '').toLowerCase().split('::');
  const left = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const right = tail === '' ? [] : tail.split(':');
    while (left.length + right.length < 8) left.push('0');
    left.push(...right);
  }
  return left
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}
