import { webcrypto } from 'node:crypto';
import { expect, test } from 'vitest';
import { AuthorityKeyIdentifierExtension, X509CertificateGenerator } from '../_x509.ts';
import { P256, SIGNATURE } from '../root-certificate.ts';
import { readRenewalWindow, renewalId } from './renewal-window.ts';

const NOW_MS = Date.UTC(2026, 10, 21);
const MINUTE_MS = 60_000;

function answer(start: unknown, end: unknown, retryAfter?: string) {
  return { status: 200, headers: { 'retry-after': retryAfter }, data: { suggestedWindow: { start, end } } };
}

test('the identifier of the example in RFC 9773 section 4.1, with the zero before a high bit', async () => {
  expect(await idFor('0087654321')).toBe('aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE');
  expect(await idFor('7f00')).toBe('aYhba4dGQEHhs3uEe6CuLN4ByNQ.fwA');
});

async function idFor(serialNumber: string): Promise<string> {
  const keys = await webcrypto.subtle.generateKey(P256, true, ['sign', 'verify']);
  const extensions = [new AuthorityKeyIdentifierExtension('69885b6b87464041e1b37b847ba0ae2cde01c8d4')];
  const options = { serialNumber, keys, signingAlgorithm: SIGNATURE, extensions };
  return renewalId((await X509CertificateGenerator.createSelfSigned(options)).toString('pem'));
}

test('a certificate that does not say who signed it has none', async () => {
  const keys = await webcrypto.subtle.generateKey(P256, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({ keys, signingAlgorithm: SIGNATURE });
  expect(renewalId(certificate.toString('pem'))).toBe('');
});

test.each([
  ['end before start', '2026-12-02T00:00:00Z', '2026-12-01T00:00:00Z'],
  ['end at start', '2026-12-01T00:00:00Z', '2026-12-01T00:00:00Z'],
  ['no zone', '2026-12-01T00:00:00', '2026-12-02T00:00:00'],
  ['no times', 1, 2],
  ['impossible', '2026-13-41T00:00:00Z', '2026-12-02T00:00:00Z'],
])('%s is no window', (_what, start, end) => {
  expect(readRenewalWindow(answer(start, end), NOW_MS)).toBeUndefined();
});

test.each([
  [undefined, 360],
  ['10', 1],
  ['7200', 120],
  ['9999999', 1_440],
])('Retry-After %s: asked again in %i minutes', (retryAfter, minutes) => {
  const window = readRenewalWindow(answer('2026-12-01T00:00:00Z', '2026-12-02T00:00:00+01:00', retryAfter), NOW_MS);
  expect(window).toMatchObject({ startMs: Date.UTC(2026, 11, 1), endMs: Date.UTC(2026, 11, 1, 23) });
  expect(window?.askAgainMs).toBe(NOW_MS + minutes * MINUTE_MS);
});
