import { createPrivateKey, webcrypto } from 'node:crypto';
import { expect, test } from 'vitest';
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from './_x509.ts';
import { PairError, readPair } from './certificate-pair.ts';

interface Pem {
  readonly certificate: string;
  readonly key: string;
}

async function rsa(modulusLength: number, names: readonly string[] = ['A.test']): Promise<Pem> {
  const algorithm = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength,
    publicExponent: new Uint8Array([1, 0, 1]),
  };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: [{ CN: ['not looked at'] }],
    notBefore: new Date(1_000),
    notAfter: new Date(9_000),
    keys,
    extensions: [new SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns', value }) as const))],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  return { certificate: `${certificate.toString('pem')}\n`, key: key.export({ type: 'pkcs1', format: 'pem' }) };
}

function refusal(certificate: string, key: string): PairError {
  try {
    readPair(certificate, key, 5_000);
  } catch (cause) {
    if (cause instanceof PairError) return cause;
    throw cause;
  }
  throw new Error('the pair was accepted');
}

test('an RSA pair is read: names in lower case, dates, key in one format', async () => {
  const { certificate, key } = await rsa(2048);
  const pair = readPair(`text before\n${certificate}`, key, 5_000);
  expect(pair).toMatchObject({ names: ['a.test'], notBeforeMs: 1_000, notAfterMs: 9_000 });
  expect(pair.material.keyPem).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  expect(pair.material.certificatePem).not.toMatch(/text before/);
});

test('a short key is refused before a worker stumbles over it', async () => {
  const { certificate, key } = await rsa(1024);
  expect(refusal(certificate, key)).toMatchObject({ part: 'certificate', message: expect.stringMatching(/too small/) });
});

test('a chain that does not begin with the leaf says where the leaf is', async () => {
  const [leaf, other] = [await rsa(2048), await rsa(2048)];
  expect(refusal(other.certificate + leaf.certificate, leaf.key)).toMatchObject({
    message: 'the key belongs to certificate 2 of the file',
    expected: 'the leaf first',
  });
});

test('a bundle, a block of other bytes and a cut-off chain are refused', async () => {
  const { certificate, key } = await rsa(2048);
  expect(refusal(certificate.repeat(11), key).message).toBe('11 certificates in the file');
  expect(refusal(certificate.replace(/^M.*$/m, 'AAAA'), key).message).toBe('the certificate cannot be parsed');
  expect(refusal(certificate + certificate.slice(0, 100), key).message).toMatch(/cut off/);
});

test('a name that looks like two stays one (CVE-2021-44532)', async () => {
  const { certificate, key } = await rsa(2048, ['a.test, DNS:victim.test']);
  expect(readPair(certificate, key, 5_000).names).toEqual(['a.test, dns:victim.test']);
});
