import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder, type TempFolder } from '@dproxy/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestAuthority } from '../../packages/certs/src/fixtures/test-authority.ts';
import { Product } from '../product/product.ts';
import { type Finding, type Findings, judge } from './judge.ts';

const isLong = process.env['DPROXY_TEST_LONG'] === '1';

/**
 * All that may be found at MEDIUM or worse, in any run. It is asked for exactly, so that a judge who finds nothing any more is
 * noticed.
 */
const EXPECTED = {
  /** Neither the local CA nor that of this test names a list or a responder of revocation: nobody would run one for them. */
  revocation: 'cert_revocation',
  /** Of a page without any policy for content or frames: that is said by applications, dproxy adds none. */
  headers: 'security_headers',
} as const;

/** What the judge cannot look at. */
const UNSEEN = new Set([
  // Of its own OpenSSL, which has no GOST.
  'engine_problem',
  // Version 3.0 follows tickets of TLS 1.2 only; tests/security/tls-sessions has those of TLS 1.3.
  'sessionresumption_ticket',
]);

let folder: TempFolder;
let product: Product;
let caFile: string;

beforeAll(async () => {
  folder = await tempFolder('dp-');
  caFile = join(folder.path, 'root.pem');
  const authority = await TestAuthority.create();
  const pair = await authority.issue(['site.test'], { notAfterMs: Date.now() + 75 * 86_400_000 });
  await writeFile(caFile, pair.issuerPem);
  await writeFile(join(folder.path, 'site.test.crt'), pair.leafPem);
  await writeFile(join(folder.path, 'site.test.key'), pair.keyPem, { mode: 0o600 });
  product = await Product.start({
    workers: 1,
    env: { DOCKER_PROXY_SSL_PATH: folder.path },
    yml: `
routes:
  - { host: site.test, respond: { body: hello }, https: { hsts: true } }
  - { host: [local.test, modern.test], respond: { body: hello } }
tls:
  hosts:
    - { host: modern.test, profile: modern }
`,
  });
});
afterAll(async () => {
  await product[Symbol.asyncDispose]();
  await folder.remove();
});

async function judged(name: string, ...sections: readonly string[]): Promise<Findings> {
  const isLocal = name !== 'site.test';
  const root = isLocal ? join(product.state, 'ca', 'root.crt') : caFile;
  const findings = await judge({ port: product.httpsPort, name, caFile: root, sections });
  const { revocation, headers } = EXPECTED;
  expect(findings.bad).toEqual(sections.includes('-h') ? [revocation, headers] : [revocation]);
  expect(findings.unseen.filter((id) => !UNSEEN.has(id))).toEqual([]);
  expect(findings.of('SSLv2', 'SSLv3', 'TLS1', 'TLS1_1', 'TLS1_3', 'ALPN_HTTP2', 'ALPN')).toEqual({
    SSLv2: 'not offered',
    SSLv3: 'not offered',
    TLS1: 'not offered',
    TLS1_1: 'not offered',
    TLS1_3: 'offered with final',
    ALPN_HTTP2: 'h2',
    ALPN: 'http/1.1',
  });
  expect(findings.of('cert_chain_of_trust', 'cert_trust', 'cert_subjectAltName')).toEqual({
    cert_chain_of_trust: 'passed.',
    cert_trust: expect.stringMatching(/^Ok via SAN/),
    cert_subjectAltName: name,
  });
  return findings;
}

/** Protocols, certificate, tickets, renegotiation, compression: in seconds. The ciphers are in tests/security/tls-profiles. */
it('testssl.sh finds nothing bad in what everybody gets', async () => {
  const findings = await judged('local.test', '-p', '-S', '-R', '-C', '-Z');
  expect(findings.list.length).toBeGreaterThan(40);
  expect(findings.of('TLS1_2', 'sessionresumption_ticket', 'sessionresumption_ID', 'TLS_timestamp')).toEqual({
    TLS1_2: 'offered',
    sessionresumption_ticket: 'supported',
    sessionresumption_ID: 'not supported',
    TLS_timestamp: 'random',
  });
  expect(
    findings.of('TLS_session_ticket', 'secure_renego', 'secure_client_renego', 'CRIME_TLS', 'fallback_SCSV'),
  ).toEqual({
    TLS_session_ticket: expect.stringMatching(/^valid for 86400 seconds/),
    secure_renego: 'supported',
    secure_client_renego: 'not vulnerable',
    CRIME_TLS: 'not vulnerable',
    fallback_SCSV: 'no protocol below TLS 1.2 offered',
  });
});

const VULNERABILITIES = (
  'heartbleed CCS ticketbleed ROBOT secure_renego secure_client_renego CRIME_TLS BREACH POODLE_SSL ' +
  'fallback_SCSV SWEET32 FREAK DROWN LOGJAM BEAST LUCKY13 RC4'
).split(' ');

function isOk(findings: Findings, id: string): boolean {
  return findings.list.some((entry: Finding) => entry.id === id && entry.severity === 'OK');
}

if (isLong) {
  it('testssl.sh finds nothing bad with everything it has, behind a certificate from a file', async () => {
    const findings = await judged('site.test', '-p', '-s', '-f', '-P', '-S', '-h', '-U', '-g');
    expect(findings.list.length).toBeGreaterThan(90);
    expect(VULNERABILITIES.filter((id) => !isOk(findings, id))).toEqual([]);
    const weak = ['NULL', 'aNULL', 'EXPORT', 'LOW', '3DES_IDEA', 'AVERAGE'].map((kind) => `cipherlist_${kind}`);
    expect(new Set(Object.values(findings.of(...weak)))).toEqual(new Set(['not offered']));
    expect(findings.of('TLS1_2', 'PFS', 'PFS_ECDHE_curves', 'cipher_order', 'HSTS', 'HSTS_time')).toEqual({
      TLS1_2: 'offered',
      PFS: 'offered',
      PFS_ECDHE_curves: 'prime256v1 secp384r1 X25519',
      cipher_order: 'server',
      HSTS: null,
      HSTS_time: expect.stringMatching(/365 days/),
    });
  }, 120_000);

  it('testssl.sh finds TLS 1.3 and nothing older at a modern host', async () => {
    const findings = await judged('modern.test', '-p', '-s', '-f', '-P', '-S', '-U');
    expect(VULNERABILITIES.filter((id) => findings.of(id)[id] !== null && !isOk(findings, id))).toEqual([]);
    expect(findings.of('TLS1_2', 'PFS', 'cipherorder_TLSv1_2', 'cipherorder_TLSv1_3')).toEqual({
      TLS1_2: 'not offered',
      PFS: 'offered',
      cipherorder_TLSv1_2: null,
      cipherorder_TLSv1_3: 'TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256',
    });
  }, 120_000);
}
