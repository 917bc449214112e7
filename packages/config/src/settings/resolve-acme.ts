import type { FileSettings } from '../file/parsed-file.ts';
import type { AcmeAuthority, AcmeSettings } from './settings.ts';

const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory';

export function resolveAcme(said: FileSettings['acme']): AcmeSettings {
  return {
    email: said?.email ?? '',
    authorities: [authorityOf(said?.directory ?? LETS_ENCRYPT)],
    hosts: said?.hosts ?? 'auto',
    challenges: ['http-01', 'tls-alpn-01'],
    keyType: 'ecdsa-p256',
    dns: undefined,
    preflight: said?.preflight ?? true,
    resolvers: said?.resolvers ?? [],
    onDemand: undefined,
  };
}

function authorityOf(directory: string): AcmeAuthority {
  const name = directory === LETS_ENCRYPT ? 'letsencrypt' : new URL(directory).host;
  return { name, directory, eab: undefined, profile: '', caFile: '' };
}
