import type { Backend, MatchScope } from '@dproxy/core';
import type { ForwardedClaims } from '../http1/index.ts';
import type { Endpoints } from './endpoints.ts';
import type { TlsFacts } from './tls-facts.ts';

/** What a request may know about who sent it. */
export interface Peer {
  /** For the log. */
  readonly address: string;
  /** Undefined: in clear. */
  readonly tls: TlsFacts | undefined;
  /** The `x-real-ip` and `x-forwarded-*` lines, each ended by CRLF. */
  forwardedBlock(claims: ForwardedClaims, hostHeader: string): string;
  /** As far as it is vouched for. */
  clientAddress(claims: ForwardedClaims): string;
  /** Likewise, with the address that the client connected to: what a PROXY protocol header tells a backend. */
  clientEndpoints(claims: ForwardedClaims): Endpoints;
  /** How the client is connected, where a trusted proxy in front says so; else empty. */
  claimedProto(claims: ForwardedClaims): 'http' | 'https' | '';
  scope(claims: ForwardedClaims): MatchScope;
  mayDebug(claims: ForwardedClaims): boolean;
  /** Of plugins: hears which backend answers. */
  readonly answeredBy: ((used: UsedBackend) => void) | undefined;
}

/** Where a request came in. */
export interface Entry {
  readonly peer: Peer;
  readonly isEncrypted: boolean;
}

/** Which backend answered, for the debug headers. */
export interface UsedBackend {
  readonly pool: { readonly backend: Backend; readonly where: string };
  /** Until there was a connection to it. */
  readonly backendMs: number;
}
