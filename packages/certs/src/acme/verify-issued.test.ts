import { createPrivateKey, webcrypto } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '../_x509.ts';
import { P256, serialNumber, SIGNATURE } from '../root-certificate.ts';
import { verifyIssued } from './verify-issued.ts';

interface Chain {
  readonly leaf: string;
  readonly issuer: string;
  readonly keyPem: string;
}

let chain: Chain;

beforeAll(async () => {
  const [ca, own] = await Promise.all([makeKeys(), makeKeys()]);
  const issuer = await selfSigned(ca, 'CN=issuer');
  const leaf = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    issuer: 'CN=issuer',
    publicKey: own.publicKey,
    signingKey: ca.privateKey,
    signingAlgorithm: SIGNATURE,
    extensions: [
      new SubjectAlternativeNameExtension([
        { type: 'dns', value: 'a.example.com' },
        { type: 'ip', value: '2001:db8::1' },
      ]),
    ],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', own.privateKey));
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  const keyPem = key.export({ type: 'pkcs8', format: 'pem' });
  chain = { leaf: leaf.toString('pem'), issuer, keyPem };
});

function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(P256, true, ['sign', 'verify']);
}

async function selfSigned(keys: webcrypto.CryptoKeyPair, name: string): Promise<string> {
  const certificate = await X509CertificateGenerator.createSelfSigned({ name, keys, signingAlgorithm: SIGNATURE });
  return certificate.toString('pem');
}

test('leaf and issuer for our key and names pass, in one spelling of PEM', () => {
  const { leaf, issuer, keyPem } = chain;
  const pem = verifyIssued(`${leaf}\r\n\n${issuer}`, keyPem, ['a.example.com', '2001:DB8::1']);
  expect(pem.match(/-----BEGIN CERTIFICATE-----\n/g)).toHaveLength(2);
  expect(pem).toMatch(/^-----BEGIN CERTIFICATE-----\n[^\r]+-----END CERTIFICATE-----\n$/);
});

test('a missing name, and a chain that does not begin with the leaf, are refused', () => {
  const { leaf, issuer, keyPem } = chain;
  const names = ['a.example.com'];
  expect(() => verifyIssued(leaf + issuer, keyPem, ['a.example.com', 'b.example.com'])).toThrow('b.example.com');
  expect(() => verifyIssued(issuer + leaf, keyPem, names)).toThrow('another key');
});

test('what is no chain is refused', () => {
  const { leaf, keyPem } = chain;
  for (const pem of [undefined, {}, '', 'certificate']) {
    expect(() => verifyIssued(pem, keyPem, [])).toThrow('no certificate');
  }
  expect(() => verifyIssued(leaf.repeat(11), keyPem, [])).toThrow('11 certificates');
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';
  expect(() => verifyIssued(broken, keyPem, [])).toThrow('cannot be parsed');
});
