import { canonicalAddress } from './address.ts';
import { forwardedAddress, trustedClient, type AddressMatcher } from './client-address.ts';

/** What a client (or a proxy before us) says about itself; raw values, empty when absent. */
export interface ForwardedClaimValues {
  readonly xForwardedFor: string;
  readonly xForwardedProto: string;
  readonly xForwardedHost: string;
  readonly xForwardedPort: string;
  readonly xRealIp: string;
}

/** The same for all connections of a listener. */
export interface ForwardedPolicy {
  readonly proto: 'http' | 'https';
  /** As clients see it; differs from the bound one behind a port mapping. */
  readonly publicPort: number;
  /** `x-forwarded-server`. */
  readonly serverName: string;
  /** From `trustedProxies`. */
  readonly isTrusted: AddressMatcher;
}

const WELL_FORMED_PROTO = /^(?:https?|wss?)$/i;
const WELL_FORMED_HOST = /^(?:[a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::([0-9]{1,5}))?$/i;
const WELL_FORMED_PORT = /^[0-9]{1,5}$/;
/** Everything that could end a header line, or that receivers read differently. */
const NOT_PRINTABLE = /[^\x20-\x7e]+/g;

/**
 * The `x-real-ip` and `x-forwarded-*` lines of one connection. All that does not change between its requests is put
 * together once; without trusted proxies a request costs one comparison.
 */
export class ForwardedHeaders {
  /** Whether the other end is a trusted proxy. */
  readonly isTrusted: boolean;
  /** Canonical; what an untrusted connection is known by. */
  readonly peer: string;
  readonly #policy: ForwardedPolicy;
  readonly #ownLines: string;
  #lastHost = '';
  #lastBlock = '';

  /** @param peer address of the other end of the connection (or what its PROXY protocol header says) */
  constructor(policy: ForwardedPolicy, peer: string) {
    this.#policy = policy;
    this.peer = canonicalAddress(peer) ?? printable(peer);
    this.isTrusted = policy.isTrusted(peer);
    this.#ownLines = lines(this.peer, this.peer, policy.proto, policy.publicPort, policy.serverName);
  }

  /**
   * @param hostHeader `Host` as sent, already checked
   * @returns lines that each end in CRLF
   */
  block(claims: ForwardedClaimValues, hostHeader: string): string {
    if (this.isTrusted) return this.#trustedBlock(claims, hostHeader);
    if (hostHeader === this.#lastHost && this.#lastBlock !== '') return this.#lastBlock;
    this.#lastHost = hostHeader;
    this.#lastBlock = `${this.#ownLines}x-forwarded-host: ${printable(hostHeader)}\r\n`;
    return this.#lastBlock;
  }

  /** The client's address as far as it is vouched for: for limits, access lists and the log. */
  clientAddress(claims: ForwardedClaimValues): string {
    return this.isTrusted ? this.#client(claims).realIp : this.peer;
  }

  /** How the client is connected to the proxy in front, if that is trusted and says so; else empty. */
  claimedProto({ xForwardedProto }: ForwardedClaimValues): 'http' | 'https' | '' {
    if (!this.isTrusted || !WELL_FORMED_PROTO.test(xForwardedProto)) return '';
    return xForwardedProto.toLowerCase().endsWith('s') ? 'https' : 'http';
  }

  #trustedBlock(claims: ForwardedClaimValues, hostHeader: string): string {
    const { proto, publicPort, serverName } = this.#policy;
    const { realIp, forwardedFor } = this.#client(claims);
    const claimsProto = WELL_FORMED_PROTO.test(claims.xForwardedProto);
    const host = WELL_FORMED_HOST.test(claims.xForwardedHost) ? claims.xForwardedHost : hostHeader;
    const shownProto = claimsProto ? claims.xForwardedProto.toLowerCase() : proto;
    const port = claimedPort(claims.xForwardedPort) ?? (claimsProto ? portOf(host, shownProto) : publicPort);
    return `${lines(realIp, forwardedFor, shownProto, port, serverName)}x-forwarded-host: ${printable(host)}\r\n`;
  }

  #client(claims: ForwardedClaimValues): { realIp: string; forwardedFor: string } {
    // A proxy that only sets X-Real-IP has seen the client; one that sets both says more in X-Forwarded-For.
    const claimed = claims.xForwardedFor === '' ? (forwardedAddress(claims.xRealIp) ?? '') : claims.xForwardedFor;
    return trustedClient(this.peer, printable(claimed), this.#policy.isTrusted);
  }
}

export interface DebugFacts {
  readonly backendName: string;
  /** `address:port`. */
  readonly backendAddress: string;
  /** From the first byte of the request until it is sent on, in ms. */
  readonly totalMs: number;
  /** Until there was a connection to the backend, in ms; 0 when one was idle. */
  readonly backendMs: number;
}

/** The `x-debug-*` lines, each ended by CRLF. */
export function debugHeaders({ backendName, backendAddress, totalMs, backendMs }: DebugFacts): string {
  const backend = printable(`${backendName} ${backendAddress}`);
  return `x-debug-backend: ${backend}\r\nx-debug-time-total: ${tenths(totalMs)}\r\nx-debug-time-backend: ${tenths(backendMs)}\r\n`;
}

function lines(realIp: string, forwardedFor: string, proto: string, port: number, serverName: string): string {
  return (
    `x-real-ip: ${realIp}\r\nx-forwarded-for: ${forwardedFor}\r\n` +
    `x-forwarded-proto: ${proto}\r\nx-forwarded-protocol: ${proto}\r\n` +
    `x-forwarded-port: ${port}\r\nx-forwarded-server: ${printable(serverName)}\r\n`
  );
}

function claimedPort(text: string): number | undefined {
  const port = WELL_FORMED_PORT.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

/** A proxy that ends TLS and names no port: https with our port 80 would send applications to a wrong address. */
function portOf(host: string, proto: string): number {
  const inHost = claimedPort(WELL_FORMED_HOST.exec(host)?.[1] ?? '');
  return inHost ?? (proto === 'https' || proto === 'wss' ? 443 : 80);
}

/** Names of containers and hosts are outside input: no value may end its line. */
function printable(text: string): string {
  return text.replace(NOT_PRINTABLE, '?');
}

/** One decimal by integers: printing a fraction costs ten times as much. */
function tenths(ms: number): string {
  const value = Math.round(ms * 10);
  return value <= 0 ? '0' : `${Math.trunc(value / 10)}.${value % 10}`;
}
