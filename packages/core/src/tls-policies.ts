import type { TlsPolicy } from './tls-policy.ts';

/** The policy of a host (lower case, without port and trailing dot); undefined: the default, `settings.tls`. */
export type TlsPolicyFinder = (host: string) => TlsPolicy | undefined;

/**
 * The most specific policy holds: exact, then the host without its leading `www.`, then wildcards from the longest on. Whoever
 * picks a TLS context by SNI and whoever judges a request by its Host must ask this one function, or the difference between
 * them is a way round client certificates (threats: rows 37, 38).
 *
 * `www.` counts because routes are found that way, too: `www.secure.example.com` is served by the route of
 * `secure.example.com`, and would be so without its client certificates.
 */
export function compileTlsPolicies(policies: Iterable<TlsPolicy>): TlsPolicyFinder {
  const exact = new Map<string, TlsPolicy>();
  /** By the part after `*.`. */
  const wildcards = new Map<string, TlsPolicy>();
  for (const policy of policies) {
    if (policy.id.startsWith('*.')) wildcards.set(policy.id.slice(2), policy);
    else exact.set(policy.id, policy);
  }
  if (exact.size === 0 && wildcards.size === 0) return () => undefined;
  return (host) => {
    const named = exact.get(host) ?? (host.startsWith('www.') ? exact.get(host.slice(4)) : undefined);
    if (named !== undefined || wildcards.size === 0) return named;
    for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) {
      const policy = wildcards.get(host.slice(dot + 1));
      if (policy !== undefined) return policy;
    }
    return undefined;
  };
}

/** Whether what was agreed for one in the handshake is enough for the other. `undefined`: the default. */
export function isSameTlsPolicy(a: TlsPolicy | undefined, b: TlsPolicy | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  return a.profile === b.profile && a.clientCertificates === b.clientCertificates && a.clientCaPem === b.clientCaPem;
}
