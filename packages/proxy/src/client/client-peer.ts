import {
  type AddressMatcher,
  ForwardedHeaders,
  isLoopbackAddress,
  type Listener,
  matchScope,
  type MatchScope,
  type WorkerSettings,
} from '@dproxy/core';
import type { ForwardedClaims } from '../http1/index.ts';
import type { Endpoints } from './endpoints.ts';
import type { Peer } from './peer.ts';
import type { TlsFacts } from './tls-facts.ts';

/** What a Snapshot says about clients. */
export interface ClientRules {
  readonly settings: WorkerSettings;
  readonly isTrusted: AddressMatcher;
  readonly isDebugClient: AddressMatcher;
  readonly isLocalNamesClient: AddressMatcher;
}

/** The other end of one connection under one Snapshot: worked out once, asked per request. */
export class ClientPeer implements Peer {
  readonly answeredBy = undefined;
  readonly tls: TlsFacts | undefined;
  readonly #endpoints: Endpoints;
  readonly #forwarded: ForwardedHeaders;
  readonly #localScope: MatchScope;
  readonly #publicScope: MatchScope;
  readonly #mayBeLocal: boolean;
  readonly #mayDebug: boolean;
  readonly #debugNeedsNoClaims: boolean;

  constructor(endpoints: Endpoints, listener: Listener, rules: ClientRules) {
    const { settings } = rules;
    const { remoteAddress, localAddress } = endpoints;
    this.#endpoints = endpoints;
    this.tls = endpoints.tls;
    const policy = {
      proto: listener.protocol === 'https' ? ('https' as const) : ('http' as const),
      publicPort: listener.publicPort,
      serverName: settings.serverName,
      isTrusted: rules.isTrusted,
    };
    this.#forwarded = new ForwardedHeaders(policy, remoteAddress);
    const isLoopback = isLoopbackAddress(remoteAddress) && isLoopbackAddress(localAddress);
    this.#mayBeLocal = isLoopback || rules.isLocalNamesClient(remoteAddress);
    this.#debugNeedsNoClaims = settings.debugClients.length === 0;
    this.#mayDebug =
      settings.debugHeaders && (this.#debugNeedsNoClaims ? isLoopback : rules.isDebugClient(remoteAddress));
    this.#localScope = matchScope(listener.id, true);
    this.#publicScope = matchScope(listener.id, false);
  }

  get address(): string {
    return this.#forwarded.peer;
  }

  forwardedBlock(claims: ForwardedClaims, hostHeader: string): string {
    return this.#forwarded.block(claims, hostHeader);
  }

  clientAddress(claims: ForwardedClaims): string {
    return this.#forwarded.clientAddress(claims);
  }

  clientEndpoints(claims: ForwardedClaims): Endpoints {
    const client = this.clientAddress(claims);
    // The port of a proxy in front says nothing about the client that it speaks for.
    return client === this.address ? this.#endpoints : { ...this.#endpoints, remoteAddress: client, remotePort: 0 };
  }

  claimedProto(claims: ForwardedClaims): 'http' | 'https' | '' {
    return this.#forwarded.claimedProto(claims);
  }

  /** Local names answer only where nothing was forwarded: a proxy in front would make every client look local. */
  scope(claims: ForwardedClaims): MatchScope {
    return this.#mayBeLocal && !claims.any ? this.#localScope : this.#publicScope;
  }

  mayDebug(claims: ForwardedClaims): boolean {
    return this.#mayDebug && !(this.#debugNeedsNoClaims && claims.any);
  }
}
