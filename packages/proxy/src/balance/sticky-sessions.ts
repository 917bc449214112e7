import { createHash } from 'node:crypto';
import type { StickyCookie } from '@dproxy/core';
import type { RequestHead } from '../http1/index.ts';
import type { UpstreamPool } from '../upstream/upstream-pool.ts';
import { cookieValues } from './cookies.ts';

export interface StickyOptions {
  readonly routeId: string;
  readonly cookie: StickyCookie;
  /** Of all backends that are ready, also of those that take no new clients (weight 0). */
  readonly pools: readonly UpstreamPool[];
}

/**
 * Clients that come back to the backend that they had before, by a cookie.
 *
 * Its value is a hash of the backend's id: the same on all workers and after every restart, without a table that they would have
 * to share, and no address to be read. It is no secret: a client that makes one up reaches a backend that it could reach anyway.
 */
export class StickySessions {
  readonly #name: string;
  readonly #attributes: string;
  readonly #poolByValue = new Map<string, UpstreamPool>();
  readonly #lineById = new Map<string, { readonly value: string; readonly line: string }>();

  constructor({ routeId, cookie, pools }: StickyOptions) {
    this.#name = cookie.name === '' ? `_${digest(`route\0${routeId}`).toString('hex', 0, 4)}` : cookie.name;
    this.#attributes = attributesOf(cookie);
    for (const pool of pools) {
      const { id } = pool.backend;
      const value = digest(`backend\0${id}`).toString('base64url', 0, 12);
      this.#poolByValue.set(value, pool);
      this.#lineById.set(id, { value, line: `set-cookie: ${this.#name}=${value}${this.#attributes}\r\n` });
    }
  }

  /** Who the client had before; undefined: nobody, or it is not ready any more. */
  find({ passed }: RequestHead): UpstreamPool | undefined {
    for (const value of cookieValues(passed, this.#name)) {
      const pool = this.#poolByValue.get(value);
      if (pool !== undefined) return pool;
    }
    return undefined;
  }

  /** The line of the answer that leads the client back to `pool`; empty when its cookie does so already. */
  lineFor(head: RequestHead, pool: UpstreamPool): string {
    return this.find(head) === pool ? '' : (this.#lineById.get(pool.backend.id)?.line ?? '');
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(`dproxy sticky\0${text}`).digest();
}

function attributesOf({ path, domain, maxAgeS, secure, httpOnly, sameSite }: StickyCookie): string {
  return [
    path === '' ? '' : `; Path=${path}`,
    domain === '' ? '' : `; Domain=${domain}`,
    maxAgeS === 0 ? '' : `; Max-Age=${maxAgeS}`,
    httpOnly ? '; HttpOnly' : '',
    secure ? '; Secure' : '',
    sameSite === '' ? '' : `; SameSite=${sameSite[0]?.toUpperCase()}${sameSite.slice(1)}`,
  ].join('');
}
