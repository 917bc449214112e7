import type { Limits } from './limits.ts';
import type { TlsProfile } from './tls-policy.ts';

/** What workers need of the configuration, beside listeners and routes. Part of the Snapshot. */
export interface WorkerSettings {
  /** CIDRs whose word about the client is believed. */
  readonly trustedProxies: readonly string[];
  /** CIDRs that may ask for debug headers on responses; empty: loopback at both ends and nothing forwarded. */
  readonly debugClients: readonly string[];
  /** False: no `x-debug-*` header anywhere. */
  readonly debugHeaders: boolean;
  /** CIDRs, beside loopback, for which `.localhost` names answer. */
  readonly localNamesClients: readonly string[];
  /** JSON lines on stdout, one per request. */
  readonly accessLog: boolean;
  /** `x-forwarded-server`: the host's name. */
  readonly serverName: string;
  readonly limits: Limits;
  /** How long a draining worker waits for its connections, in milliseconds. */
  readonly drainMs: number;
  /** Addresses that no container's backend may have: dproxy's own listeners and admin port, as `ip:port`. */
  readonly ownAddresses: readonly string[];
  /**
   * Below `/.well-known/acme-challenge/` what is no challenge of ours is routed like any other path. False: it is 404, so that no
   * container can get a certificate for a host that it happens to serve (threats: row 39).
   */
  readonly passChallenges: boolean;
  readonly tls: {
    /** Of hosts without a `TlsPolicy`. */
    readonly profile: TlsProfile;
    /** A routed name without a certificate is told to the primary, and the handshake waits for its answer. */
    readonly onDemand: boolean;
  };
}
