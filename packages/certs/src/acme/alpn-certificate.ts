import { createHash, createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { CertificateMaterial } from '@dproxy/core';
import { Extension, SubjectAlternativeNameExtension, X509CertificateGenerator } from '../_x509.ts';
import { DAY_MS, P256, serialNumber, SIGNATURE } from '../root-certificate.ts';

/** id-pe-acmeIdentifier */
const ACME_IDENTIFIER = '1.3.6.1.5.5.7.1.31';
/** DER of an OCTET STRING of 32 bytes. */
const OCTETS_32 = Buffer.from([0x04, 0x20]);

/**
 * What answers tls-alpn-01 (RFC 8737 section 3): self-signed, for this name alone, with the SHA-256 of the key authorization in
 * a critical extension, so that nobody else's TLS client can take it for a certificate.
 */
export async function makeAlpnCertificate(
  name: string,
  keyAuthorization: string,
  nowMs: number,
): Promise<CertificateMaterial> {
  const keys = await webcrypto.subtle.generateKey(P256, true, ['sign', 'verify']);
  const digest = createHash('sha256').update(keyAuthorization).digest();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ O: ['dproxy ACME challenge'] }],
    notBefore: new Date(nowMs - DAY_MS),
    notAfter: new Date(nowMs + 7 * DAY_MS),
    keys,
    signingAlgorithm: SIGNATURE,
    extensions: [
      new SubjectAlternativeNameExtension([{ type: isIP(name) === 0 ? 'dns' : 'ip', value: name }]),
      new Extension(ACME_IDENTIFIER, true, Buffer.concat([OCTETS_32, digest])),
    ],
  });
  const certificatePem = `${certificate.toString('pem')}\n`;
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  return {
    id: new X509Certificate(certificatePem).fingerprint256.replaceAll(':', '').toLowerCase(),
    certificatePem,
    keyPem: key.export({ type: 'pkcs8', format: 'pem' }),
  };
}
