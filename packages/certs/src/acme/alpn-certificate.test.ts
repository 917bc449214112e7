import { X509Certificate } from 'node:crypto';
import * as acme from 'acme-client';
import { expect, test } from 'vitest';
import { X509Certificate as Parsed } from '../_x509.ts';
import { makeAlpnCertificate } from './alpn-certificate.ts';

test.each([
  ['app.example.com', 'DNS:app.example.com'],
  ['192.0.2.1', 'IP Address:192.0.2.1'],
])('%s: names it alone, and carries the key authorization in a critical extension', async (name, altName) => {
  const material = await makeAlpnCertificate(name, 'token.thumbprint', Date.now());
  expect(new X509Certificate(material.certificatePem).subjectAltName).toBe(altName);
  expect(acme.crypto.isAlpnCertificateAuthorizationValid(material.certificatePem, 'token.thumbprint')).toBe(true);
  expect(acme.crypto.isAlpnCertificateAuthorizationValid(material.certificatePem, 'token.other')).toBe(false);
  expect(new Parsed(material.certificatePem).getExtension('1.3.6.1.5.5.7.1.31')?.critical).toBe(true);
  expect(material.id).toMatch(/^[0-9a-f]{64}$/);
});
