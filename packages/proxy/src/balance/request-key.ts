import { type HashKey, readQuery } from '@dproxy/core';
import type { Peer } from '../client/peer.ts';
import { fieldValues, type RequestHead } from '../http1/index.ts';
import { cookieValues } from './cookies.ts';

/** What decides who gets a request. */
export interface ChoosingRequest {
  readonly head: RequestHead;
  readonly peer: Pick<Peer, 'clientAddress'>;
}

/** What a request is hashed by; empty: it has no such thing. */
export function requestKey(by: HashKey, { head, peer }: ChoosingRequest): string {
  switch (by.type) {
    case 'client':
      return peer.clientAddress(head.claims);
    case 'host':
      return head.host;
    case 'path':
      return head.path;
    case 'header':
      return fieldValues(head.passed, by.name)[0] ?? '';
    case 'cookie':
      return cookieValues(head.passed, by.name)[0] ?? '';
    case 'query':
      return readQuery(head.target.slice(queryStart(head.target))).get(by.name)?.[0] ?? '';
    default:
      return by satisfies never;
  }
}

function queryStart(target: string): number {
  const mark = target.indexOf('?');
  return mark === -1 ? target.length : mark + 1;
}
