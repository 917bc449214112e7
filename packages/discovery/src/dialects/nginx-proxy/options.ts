import { DEFAULT_HSTS } from '@dproxy/core';

export const HTTPS_METHODS = ['redirect', 'noredirect', 'nohttp', 'nohttps'] as const;
export type HttpsMethod = (typeof HTTPS_METHODS)[number];

/** Files of the htpasswd folder; `unreadable`: there is one, and nobody can tell what is in it. Plain data, to be compared. */
export type HtpasswdFiles = readonly (readonly [name: string, text: string])[] | 'unreadable';

/** What was set on the container of nginx-proxy itself: `docker.dialects.nginxProxy` in dproxy.yml. */
export interface NginxProxyOptions {
  /** DEFAULT_HOST: the VIRTUAL_HOST that answers every host that nobody has; absent: nobody does. */
  readonly defaultHost?: string | undefined;
  /** DEFAULT_ROOT: status for paths that no container of the host has; absent: as dproxy answers unknown paths. */
  readonly defaultRoot?: number | undefined;
  readonly httpsMethod?: HttpsMethod | undefined;
  /** HSTS; empty: none. */
  readonly hsts?: string | undefined;
  /** NON_GET_REDIRECT */
  readonly nonGetRedirect?: 301 | 307 | 308 | undefined;
  /** What NETWORK_ACCESS=internal lets in; CIDRs. */
  readonly internalNetworks?: readonly string[] | undefined;
  /** Contents of the folder that was mounted at /etc/nginx/htpasswd. */
  readonly htpasswdFiles?: HtpasswdFiles | undefined;
  /** True: `acme.email` is set, so that an address of a container is no news. */
  readonly hasAcmeAccount?: boolean | undefined;
}

type Given = { readonly [Name in keyof NginxProxyOptions]-?: Exclude<NginxProxyOptions[Name], undefined> };

export interface ProxyWide extends Omit<Given, 'htpasswdFiles'> {
  readonly htpasswd: ReadonlyMap<string, string> | 'unreadable';
}

/** The ranges of nginx-proxy's own network_internal.conf, and this machine over IPv6. */
const INTERNAL_NETWORKS: readonly string[] = [
  '127.0.0.0/8',
  '10.0.0.0/8',
  '192.168.0.0/16',
  '172.16.0.0/12',
  '::1/128',
];

export function withDefaults(options: NginxProxyOptions): ProxyWide {
  return {
    defaultHost: options.defaultHost ?? '',
    defaultRoot: options.defaultRoot ?? 0,
    httpsMethod: options.httpsMethod ?? 'redirect',
    hsts: options.hsts ?? DEFAULT_HSTS,
    nonGetRedirect: options.nonGetRedirect ?? 301,
    internalNetworks: options.internalNetworks ?? INTERNAL_NETWORKS,
    htpasswd: options.htpasswdFiles === 'unreadable' ? 'unreadable' : new Map(options.htpasswdFiles),
    hasAcmeAccount: options.hasAcmeAccount ?? false,
  };
}
