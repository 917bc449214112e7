import { createHash } from 'node:crypto';
import { compileTlsPolicies, type TlsPolicy, type TlsPolicyFinder, type TlsProfile } from '@dproxy/core';
import type { TlsFacts } from '../client/tls-facts.ts';

/** A policy as handshakes use it. */
export interface CompiledTlsPolicy {
  /** `TlsPolicy.id`; empty for hosts without one. */
  readonly id: string;
  readonly profile: TlsProfile;
  readonly clientCertificates: TlsPolicy['clientCertificates'];
  readonly clientCaPem: string;
  /** `TlsFacts.demand` */
  readonly demand: string;
  /**
   * What sessions are bound to: a session resumes only under the key that it began with. Hosts that ask for client
   * certificates share none with others (CVE-2026-123867 was such a sharing), and another client CA makes another key.
   */
  readonly sessionKey: string;
}

/** The policy of each host, made ready for handshakes. */
export class TlsPolicies {
  /** Of clients that send no name, and of hosts that no policy names. */
  readonly default: CompiledTlsPolicy;
  readonly #find: TlsPolicyFinder;
  readonly #compiled: ReadonlyMap<TlsPolicy, CompiledTlsPolicy>;

  constructor(policies: readonly TlsPolicy[], profile: TlsProfile) {
    this.default = compile({ id: '', profile, clientCertificates: 'none', clientCaPem: '' });
    this.#find = compileTlsPolicies(policies);
    this.#compiled = new Map(policies.map((policy) => [policy, compile(policy)]));
  }

  /** @param host as routes spell it */
  find(host: string): CompiledTlsPolicy {
    const policy = this.#find(host);
    return policy === undefined ? this.default : (this.#compiled.get(policy) ?? this.default);
  }

  /**
   * Whether a request for `host` may be answered on a connection that was made for another name, or before the policies
   * changed (RFC 9110 section 15.5.20: 421 when not). The host's demand on client certificates must be the one that the
   * handshake met, and a `modern` host has no TLS 1.2.
   */
  admits(facts: TlsFacts, host: string): boolean {
    const { demand, profile } = this.find(host);
    return facts.demand === demand && (profile === 'intermediate' || facts.protocol === 'TLSv1.3');
  }
}

function compile({ id, profile, clientCertificates, clientCaPem }: TlsPolicy): CompiledTlsPolicy {
  const isPlain = clientCertificates === 'none';
  const demand = isPlain ? '' : createHash('sha256').update(`${clientCertificates}\n${clientCaPem}`).digest('hex');
  const sessionKey = isPlain ? profile : `${profile} ${id} ${demand}`;
  return { id, profile, clientCertificates, clientCaPem, demand, sessionKey };
}
