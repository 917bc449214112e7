import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder, type TempFolder, within } from '@dproxy/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CommandResult, Product, runProgram } from '../product/product.ts';
import { ALICE, AUTHORITY_ONE, AUTHORITY_TWO, MALLORY } from '../security/client-identities.ts';

let folder: TempFolder;
let product: Product;
let root: string;

beforeAll(async () => {
  folder = await tempFolder('dp-');
  const files = {
    one: AUTHORITY_ONE,
    two: AUTHORITY_TWO,
    alice: ALICE.cert + ALICE.key,
    mallory: MALLORY.cert + MALLORY.key,
  };
  for (const [name, pem] of Object.entries(files)) await writeFile(file(name), pem);
  product = await Product.start({
    workers: 2,
    yml: `
routes:
  - { host: [open.test, one.test, two.test, modern.test], respond: { body: hello } }
tls:
  hosts:
    - { host: one.test, clientCertificates: { mode: require, ca: ${file('one')} } }
    - { host: two.test, clientCertificates: { mode: require, ca: ${file('two')} } }
    - { host: modern.test, profile: modern }
`,
  });
  root = join(product.state, 'ca', 'root.crt');
});
afterAll(async () => {
  await product[Symbol.asyncDispose]();
  await folder.remove();
});

function file(name: string): string {
  return join(folder.path, `${name}.pem`);
}

/** `--cert` of a PEM that holds the key, too. */
function as(name: string): string[] {
  return ['--cert', file(name)];
}

async function curl(host: string, ...args: readonly string[]): Promise<CommandResult> {
  const { httpsPort } = product;
  const place = ['--cacert', root, '--connect-to', `::127.0.0.1:${httpsPort}`, '-w', ' %{http_version} %{http_code}'];
  return await runProgram(['/usr/bin/curl', '-sS', ...place, ...args, `https://${host}:${httpsPort}/`], {});
}

/** One request on one connection of s_client; what it said about the connection, and the answer. */
async function openssl(host: string, ...args: readonly string[]): Promise<string> {
  const place = ['-connect', `127.0.0.1:${product.httpsPort}`, '-servername', host, '-CAfile', root, '-ign_eof'];
  const child = spawn('/usr/bin/openssl', ['s_client', ...place, ...args], { stdio: ['pipe', 'pipe', 'ignore'] });
  let output = '';
  child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
  // It may be refused before it reads its input.
  child.stdin.on('error', () => undefined);
  child.stdin.end(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  await within(once(child, 'close'), 'the end of s_client');
  return output;
}

const REUSED = /Reused, TLSv1\.[23]/;
/** It prints its own words into the middle of the answer's lines, and the other way round. */
const ANSWERED = /HTTP\/1\.1 200 /;

describe('curl', () => {
  it.each(['--http1.1', '--http2'])(
    'gets in with a certificate of the host, and with no other: %s',
    async (version) => {
      const answer = { code: 0, stdout: `hello ${version === '--http2' ? '2' : '1.1'} 200` };
      expect(await curl('one.test', version, ...as('alice'))).toMatchObject(answer);
      expect(await curl('two.test', version, ...as('mallory'))).toMatchObject(answer);
      expect(await curl('open.test', version)).toMatchObject(answer);
      for (const [host, identity] of [
        ['one.test', []],
        ['one.test', as('mallory')],
        ['two.test', as('alice')],
      ] as const) {
        const refused = await curl(host, version, ...identity);
        // Not one fixed code: the end comes while it writes, or while it reads.
        expect(refused.code, host).toBeGreaterThan(0);
        expect(refused.stdout, host).toMatch(/^ \d(\.\d)? 000$/);
      }
    },
  );

  it('speaks TLS 1.2 with everybody but modern hosts', async () => {
    const old = ['--tls-max', '1.2'];
    expect(await curl('open.test', ...old)).toMatchObject({ code: 0, stdout: 'hello 2 200' });
    expect(await curl('modern.test')).toMatchObject({ code: 0, stdout: 'hello 2 200' });
    expect(await curl('modern.test', ...old)).toMatchObject({ code: 35, stdout: ' 0 000' });
  });
});

describe.each(['-tls1_2', '-tls1_3'])('openssl s_client %s', (version) => {
  it('takes the ticket of a host to another one for nothing', async () => {
    const ticket = file(`ticket${version}`);
    const alice = ['-cert', file('alice')];
    expect(await openssl('one.test', version, ...alice, '-sess_out', ticket)).toMatch(ANSWERED);
    // The ticket is good, where it is from: no certificate is shown again.
    const again = await openssl('one.test', version, '-sess_in', ticket);
    expect(again).toMatch(REUSED);
    expect(again).toMatch(ANSWERED);
    for (const identity of [[], alice]) {
      const other = await openssl('two.test', version, ...identity, '-sess_in', ticket);
      expect(other).not.toMatch(REUSED);
      expect(other).not.toMatch(ANSWERED);
    }
    expect(await openssl('open.test', version, '-sess_in', ticket)).not.toMatch(REUSED);
  });

  it('takes the ticket of an open host into no host with client certificates', async () => {
    const ticket = file(`open${version}`);
    expect(await openssl('open.test', version, '-sess_out', ticket)).toMatch(ANSWERED);
    expect(await openssl('open.test', version, '-sess_in', ticket)).toMatch(REUSED);
    const other = await openssl('one.test', version, '-sess_in', ticket);
    expect(other).not.toMatch(REUSED);
    expect(other).not.toMatch(ANSWERED);
  });
});
