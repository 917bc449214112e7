import { readCookies, readQuery, type RequestFacts, type ValuesByName } from '@dproxy/core';
import type { Peer } from '../client/peer.ts';
import { fieldValues, type RequestHead } from '../http1/index.ts';

const NONE: readonly string[] = [];
/** What `peer.forwardedBlock` has: lines that clients may not write themselves. */
const FORWARDED = /^x-(?:real-ip$|forwarded-)/;

/**
 * What conditions see of a request: what its backend would see. Headers that say who the client is are ours, or vouched for by
 * a trusted proxy; else anybody could choose a route by them.
 */
export class HeadFacts implements RequestFacts {
  readonly path: string;
  readonly #head: RequestHead;
  readonly #peer: Peer;
  #cookies: ValuesByName | undefined;
  #query: ValuesByName | undefined;

  /** @param path of the look-up: the canonical one, or the one as sent */
  constructor(head: RequestHead, peer: Peer, path: string) {
    this.path = path;
    this.#head = head;
    this.#peer = peer;
  }

  get method(): string {
    return this.#head.method;
  }

  get host(): string {
    return this.#head.host;
  }

  get clientAddress(): string {
    return this.#peer.clientAddress(this.#head.claims);
  }

  /** Of the connection to us: what a proxy in front says is in `x-forwarded-proto`. */
  get isEncrypted(): boolean {
    return this.#peer.tls !== undefined;
  }

  header(name: string): readonly string[] {
    const { hostHeader, upgrade, framing, contentLength, claims, passed } = this.#head;
    switch (name) {
      case 'host':
        return [hostHeader];
      case 'upgrade':
        return upgrade === '' ? NONE : [upgrade];
      case 'connection':
        return upgrade === '' ? NONE : ['Upgrade'];
      case 'content-length':
        return framing === 'length' ? [String(contentLength)] : NONE;
      case 'transfer-encoding':
        return framing === 'chunked' ? ['chunked'] : NONE;
      default:
        return FORWARDED.test(name)
          ? fieldValues(this.#peer.forwardedBlock(claims, hostHeader), name)
          : fieldValues(passed, name);
    }
  }

  cookie(name: string): readonly string[] {
    this.#cookies ??= readCookies(fieldValues(this.#head.passed, 'cookie'));
    return this.#cookies.get(name) ?? NONE;
  }

  query(name: string): readonly string[] {
    this.#query ??= readQuery(rawQuery(this.#head.target));
    return this.#query.get(name) ?? NONE;
  }
}

function rawQuery(target: string): string {
  const question = target.indexOf('?');
  return question === -1 ? '' : target.slice(question + 1);
}
