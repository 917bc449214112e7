import type { FileSettings } from '../file/parsed-file.ts';
import { type AuthorityEntry, KNOWN_AUTHORITIES } from '../schema/acme-directory.ts';
import type { AcmeAuthority, AcmeChallengeType, AcmeSettings } from './settings.ts';

const LETS_ENCRYPT: AuthorityEntry = authorityNamed('letsencrypt');
const STAGING: AuthorityEntry = authorityNamed('letsencrypt-staging');

/** @param fromFile makes a path of the file absolute */
export function resolveAcme(said: FileSettings['acme'], fromFile: (path: string) => string): AcmeSettings {
  const entries = said?.directory ?? [LETS_ENCRYPT];
  const asked = said?.staging === true ? [{ ...STAGING, profile: entries[0]?.profile ?? '' }] : entries;
  return {
    email: said?.email ?? '',
    authorities: asked.map((entry) => authorityOf(entry, said?.profile ?? '', fromFile)),
    hosts: said?.hosts ?? 'auto',
    challenges: said?.challenges ?? defaultChallenges(said?.dns !== undefined),
    keyType: said?.keyType ?? 'ecdsa-p256',
    dns: said?.dns,
    preflight: said?.preflight ?? true,
    resolvers: said?.resolvers ?? [],
    onDemand: said?.onDemand && { allow: said.onDemand.allow ?? [], ask: said.onDemand.ask ?? '' },
  };
}

/** Whoever sets up DNS wants it used; the others stay for addresses. */
function defaultChallenges(hasDns: boolean): readonly AcmeChallengeType[] {
  return hasDns ? ['dns-01', 'http-01', 'tls-alpn-01'] : ['http-01', 'tls-alpn-01'];
}

function authorityOf(entry: AuthorityEntry, profile: string, fromFile: (path: string) => string): AcmeAuthority {
  return {
    name: entry.name,
    directory: entry.url,
    eab: entry.eab,
    profile: entry.profile || profile,
    caFile: entry.caFile === '' ? '' : fromFile(entry.caFile),
  };
}

function authorityNamed(name: keyof typeof KNOWN_AUTHORITIES): AuthorityEntry {
  return { name, url: KNOWN_AUTHORITIES[name].url, eab: undefined, profile: '', caFile: '' };
}
