import { createPrivateKey } from 'node:crypto';
import * as acme from 'acme-client';
import { expect, test } from 'vitest';
import { Pkcs10CertificateRequest } from '../_x509.ts';
import { makeKeyAndCsr } from './key-and-csr.ts';

test.each([
  ['ecdsa-p256', 'prime256v1'],
  ['ecdsa-p384', 'secp384r1'],
  ['rsa-2048', 2048],
  ['rsa-3072', 3072],
  ['rsa-4096', 4096],
] as const)('%s: a new key, and a request that names hosts and addresses but no common name', async (keyType, size) => {
  const names = ['a.example.com', '*.example.com', '192.0.2.1', '2001:db8::1'];
  const { keyPem, csr } = await makeKeyAndCsr(names, keyType);
  const { asymmetricKeyDetails } = createPrivateKey(keyPem);
  expect(asymmetricKeyDetails?.namedCurve ?? asymmetricKeyDetails?.modulusLength).toBe(size);
  const request = new Pkcs10CertificateRequest(Buffer.from(csr, 'base64url'));
  expect(request.subject).toBe('');
  expect(acme.crypto.readCsrDomains(request.toString('pem'))).toEqual({ commonName: null, altNames: names });
  expect(await request.verify()).toBe(true);
});
