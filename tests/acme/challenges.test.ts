// Every kind of challenge, checked by a real authority.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AuthorityUnderTest, failureOf, isPair, never, readChain } from './authority.ts';

let subject: AuthorityUnderTest;

beforeAll(async () => {
  subject = await AuthorityUnderTest.start();
});

afterAll(async () => {
  await subject[Symbol.asyncDispose]();
});

test('http-01 gives a certificate that the root of the authority signs, for the key that came with it', async () => {
  const issued = await subject.issuer.issue(subject.request(['app.example.com']), never());
  const [leaf, issuer, ...rest] = readChain(issued.certificatePem);
  const [root] = readChain(await subject.pebble.rootPem());
  expect(leaf?.subjectAltName).toBe('DNS:app.example.com');
  expect(issuer?.verify(root!.publicKey)).toBe(true);
  expect(rest).toEqual([]);
  expect(isPair(issued.certificatePem, issued.keyPem)).toBe(true);
  expect(issued).toMatchObject({ names: ['app.example.com'], authority: 'pebble' });
  expect(subject.http.presented).toHaveLength(1);
  expect(subject.http.standing.size).toBe(0);
});

test('tls-alpn-01', async () => {
  const request = subject.request(['tls.example.com'], { challenges: ['tls-alpn-01', 'http-01'] });
  const issued = await subject.issuer.issue(request, never());
  expect(readChain(issued.certificatePem)[0]?.subjectAltName).toBe('DNS:tls.example.com');
  expect(subject.tls.standing.size).toBe(0);
});

test('dns-01 proves a wildcard and its own name in one certificate, with two records of one name', async () => {
  const names = ['*.wild.example.com', 'wild.example.com'];
  const issued = await subject.issuer.issue(subject.request(names, { challenges: ['dns-01'] }), never());
  const altNames = readChain(issued.certificatePem)[0]?.subjectAltName;
  expect(altNames?.split(', ').sort()).toEqual(['DNS:*.wild.example.com', 'DNS:wild.example.com']);
  expect(subject.txt.standing).toEqual([]);
});

test('a wildcard takes dns-01 and its neighbour what is preferred', async () => {
  const before = subject.http.presented.length;
  const names = ['shop.example.com', '*.shop.example.com'];
  await subject.issuer.issue(subject.request(names, { challenges: ['http-01', 'dns-01'] }), never());
  expect(subject.http.presented.slice(before)).toEqual([expect.stringMatching(/^shop\.example\.com /)]);
});

test('a wildcard that nothing can prove is refused before the authority is asked', async () => {
  const orders = subject.pebble.requests('order-plz');
  const failure = await failureOf(subject.issuer.issue(subject.request(['*.example.com']), never()));
  expect(failure).toMatchObject({ problem: 'misconfigured', host: '*.example.com' });
  expect(failure.advice).toContain('acme.dns');
  expect(subject.pebble.requests('order-plz')).toBe(orders);
});

test('an address is proven by http-01 and by tls-alpn-01 (RFC 8738)', async () => {
  const byHttp = await subject.issuer.issue(subject.request(['127.0.0.1']), never());
  expect(readChain(byHttp.certificatePem)[0]?.subjectAltName).toBe('IP Address:127.0.0.1');
  const byTls = await subject.issuer.issue(subject.request(['127.0.0.1'], { challenges: ['tls-alpn-01'] }), never());
  expect(isPair(byTls.certificatePem, byTls.keyPem)).toBe(true);
});

test.each(['ecdsa-p384', 'rsa-2048'] as const)('a key of %s', async (keyType) => {
  const issued = await subject.issuer.issue(subject.request([`${keyType}.example.com`], { keyType }), never());
  const expected = { 'ecdsa-p384': ['ec', 'secp384r1'], 'rsa-2048': ['rsa', 2048] }[keyType];
  const { asymmetricKeyType, asymmetricKeyDetails } = readChain(issued.certificatePem)[0]!.publicKey;
  expect([asymmetricKeyType, asymmetricKeyDetails?.namedCurve ?? asymmetricKeyDetails?.modulusLength]).toEqual(
    expected,
  );
});

test('a name of more than 64 characters, which no common name can hold', async () => {
  const name = `${'a'.repeat(60)}.${'b'.repeat(60)}.example.com`;
  const issued = await subject.issuer.issue(subject.request([name]), never());
  expect(readChain(issued.certificatePem)[0]?.subjectAltName).toBe(`DNS:${name}`);
});
