import {
  canonicalAddress,
  ForwardedHeaders,
  isLoopbackAddress,
  type Listener,
  matchScope,
  type MatchScope,
} from '@dproxy/core';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import type { UsedBackend } from '../exchange/head-additions.ts';
import type { ForwardedClaims } from '../http1/index.ts';
import type { TlsFacts } from '../listeners/tls-facts.ts';

/** The two ends of a connection, as the system or a PROXY protocol header says. */
export interface Endpoints {
  readonly remoteAddress: string;
  /** 0: not known. */
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** Of TLS that ends here; absent: in clear. */
  readonly tls?: TlsFacts;
}

/** Of a client that has not said anything about itself. */
export const NO_CLAIMS: ForwardedClaims = Object.freeze({
  xForwardedFor: '',
  xForwardedProto: '',
  xForwardedHost: '',
  xForwardedPort: '',
  xRealIp: '',
  any: false,
});

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

/** What a request that plugins send on has of the client's request. */
export interface PluginSender {
  /** The forwarding lines that the client's request was given. */
  readonly forwardedBlock: string;
  readonly answeredBy: (used: UsedBackend) => void;
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

  constructor(endpoints: Endpoints, listener: Listener, compiled: CompiledSnapshot) {
    const { settings } = compiled;
    const { remoteAddress, localAddress } = endpoints;
    this.#endpoints = endpoints;
    this.tls = endpoints.tls;
    const policy = {
      proto: listener.protocol === 'https' ? ('https' as const) : ('http' as const),
      publicPort: listener.publicPort,
      serverName: settings.serverName,
      isTrusted: compiled.isTrusted,
    };
    this.#forwarded = new ForwardedHeaders(policy, remoteAddress);
    const isLoopback = isLoopbackAddress(remoteAddress) && isLoopbackAddress(localAddress);
    this.#mayBeLocal = isLoopback || compiled.isLocalNamesClient(remoteAddress);
    this.#debugNeedsNoClaims = settings.debugClients.length === 0;
    this.#mayDebug =
      settings.debugHeaders && (this.#debugNeedsNoClaims ? isLoopback : compiled.isDebugClient(remoteAddress));
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

/** The sender of what plugins send on: still the client whose request they got, with the lines that it was given then. */
export class PluginPeer implements Peer {
  readonly answeredBy: (used: UsedBackend) => void;
  readonly tls: TlsFacts | undefined;
  readonly #client: Peer;
  readonly #forwardedBlock: string;

  constructor(client: Peer, { forwardedBlock, answeredBy }: PluginSender) {
    this.answeredBy = answeredBy;
    this.tls = client.tls;
    this.#client = client;
    this.#forwardedBlock = forwardedBlock;
  }

  get address(): string {
    return this.#client.address;
  }

  forwardedBlock(): string {
    return this.#forwardedBlock;
  }

  clientAddress(claims: ForwardedClaims): string {
    return this.#client.clientAddress(claims);
  }

  clientEndpoints(claims: ForwardedClaims): Endpoints {
    return this.#client.clientEndpoints(claims);
  }

  claimedProto(claims: ForwardedClaims): 'http' | 'https' | '' {
    return this.#client.claimedProto(claims);
  }

  scope(claims: ForwardedClaims): MatchScope {
    return this.#client.scope(claims);
  }

  mayDebug(): boolean {
    return false;
  }
}

/** What connections per client are counted by. An IPv6 client owns at least its /64. */
export function clientKey(address: string): string {
  const canonical = canonicalAddress(address) ?? address;
  if (!canonical.includes(':')) return canonical;
  const halves = canonical.split('::');
  const head = (halves[0] ?? '').split(':').filter((group) => group !== '');
  if (halves.length === 1) return `${head.slice(0, 4).join(':')}::/64`;
  const tail = (halves[1] ?? '').split(':').filter((group) => group !== '');
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0');
  return `${[...head, ...zeros, ...tail].slice(0, 4).join(':')}::/64`;
}
