import type { AcmeKeyType } from '@dproxy/config';
import * as acme from 'acme-client';

export interface KeyAndCsr {
  readonly keyPem: string;
  /** DER in base64url, as `finalize` wants it (RFC 8555 section 7.4). */
  readonly csr: string;
}

/**
 * A new key for every certificate, and a request that names hosts in subjectAltName only: a common name holds 64 characters,
 * and no client looks at it (RFC 9525).
 */
export async function makeKeyAndCsr(names: readonly string[], keyType: AcmeKeyType): Promise<KeyAndCsr> {
  const key = await makeKey(keyType);
  const [, csr] = await acme.crypto.createCsr({ altNames: [...names] }, key);
  return { keyPem: key.toString(), csr: acme.crypto.getPemBodyAsB64u(csr) };
}

function makeKey(keyType: AcmeKeyType): Promise<Buffer> {
  switch (keyType) {
    case 'ecdsa-p256':
      return acme.crypto.createPrivateEcdsaKey('P-256');
    case 'ecdsa-p384':
      return acme.crypto.createPrivateEcdsaKey('P-384');
    case 'rsa-2048':
      return acme.crypto.createPrivateRsaKey(2048);
    case 'rsa-3072':
      return acme.crypto.createPrivateRsaKey(3072);
    case 'rsa-4096':
      return acme.crypto.createPrivateRsaKey(4096);
    default:
      return keyType satisfies never;
  }
}
