import type { TlsProfile } from '@dproxy/core';
import type { FileSettings } from '../file/parsed-file.ts';
import type { TlsHostSettings } from './settings.ts';

/** Whoever wants more says `modern`; without TLS 1.2 some clients of the last ten years stay outside. */
const DEFAULT_PROFILE: TlsProfile = 'intermediate';

export function resolveTlsProfile(tls: FileSettings['tls']): TlsProfile {
  return tls?.profile ?? DEFAULT_PROFILE;
}

/** @param fromFile makes a path of dproxy.yml absolute */
export function resolveTlsHosts(tls: FileSettings['tls'], fromFile: (path: string) => string): TlsHostSettings[] {
  return (tls?.hosts ?? []).map(({ host, profile, clientCertificates, line }) => ({
    host,
    profile: profile ?? resolveTlsProfile(tls),
    clientCertificates: clientCertificates?.mode ?? 'none',
    caFile: clientCertificates === undefined || clientCertificates.ca === '' ? '' : fromFile(clientCertificates.ca),
    line,
  }));
}
