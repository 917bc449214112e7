import { hkdfSync, randomBytes } from 'node:crypto';
import { TICKET_NAME_BYTES } from './client-hello.ts';

/** 16 bytes of name, 16 of HMAC key, 16 of AES key, as `createSecureContext` takes them. */
const TICKET_KEY_BYTES = 48;

/** One key under one policy. */
export interface TicketKey {
  readonly bytes: Buffer;
  /** Hex of what tickets made with it begin with. */
  readonly name: string;
  /** Of the ring when it came in: contexts made for another one are of no use any more. */
  readonly generation: number;
}

/**
 * The keys that session tickets are made with, newest first; the same in all workers. What is used is derived from them, one
 * for each kind of session, so that a ticket of one host is nothing but noise to a host that demands more.
 *
 * A TLS engine holds one key. A client with a ticket of an older one is recognised by the ticket's name in its hello and
 * handed to an engine with that key; else every client would have to begin anew when the keys rotate.
 */
export class TicketRing {
  #entries: readonly { readonly generation: number; readonly key: Uint8Array }[] = [];
  #derived = new Map<string, readonly TicketKey[]>();
  #nextGeneration = 1;

  constructor() {
    // A process without a primary resumes its own sessions.
    this.set([randomBytes(TICKET_KEY_BYTES)]);
  }

  /** @throws RangeError unless each has 48 bytes and there is one at least */
  set(keys: readonly Uint8Array[]): void {
    const isWrong = keys.length === 0 || keys.some((key) => key.length !== TICKET_KEY_BYTES);
    if (isWrong) throw new RangeError(`ticket keys: expected one or more of ${TICKET_KEY_BYTES} bytes each`);
    const known = this.#entries;
    this.#entries = keys.map((key) => {
      const same = known.find((entry) => Buffer.compare(entry.key, key) === 0);
      return same ?? { key, generation: this.#nextGeneration++ };
    });
    this.#derived = new Map();
  }

  has(generation: number): boolean {
    return this.#entries.some((entry) => entry.generation === generation);
  }

  /** @param offered `ClientHello.ticketNames` @returns the key that one of them was made with, else the newest */
  choose(sessionKey: string, offered: readonly string[]): TicketKey {
    const keys = this.#keysFor(sessionKey);
    const match = offered.length === 0 ? undefined : keys.find(({ name }) => offered.includes(name));
    const chosen = match ?? keys[0];
    if (chosen === undefined) throw new Error('there is no ticket key');
    return chosen;
  }

  #keysFor(sessionKey: string): readonly TicketKey[] {
    const known = this.#derived.get(sessionKey);
    if (known !== undefined) return known;
    const keys = this.#entries.map(({ key, generation }) => {
      const bytes = Buffer.from(hkdfSync('sha256', key, '', `dproxy ticket ${sessionKey}`, TICKET_KEY_BYTES));
      return { bytes, generation, name: bytes.toString('hex', 0, TICKET_NAME_BYTES) };
    });
    this.#derived.set(sessionKey, keys);
    return keys;
  }

  /** Policies that are gone leave nothing behind. */
  forgetDerived(): void {
    this.#derived = new Map();
  }
}
