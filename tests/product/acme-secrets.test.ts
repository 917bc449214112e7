// threats.md row 49: what nobody may read is looked for in everything that dproxy says.
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '@dproxy/testkit';
import { expect, it, onTestFinished } from 'vitest';
import { Product } from './product.ts';

const CANARIES = {
  hmac: 'Y2FuYXJ5LWhtYWMtb2YtdGhlLWV4dGVybmFsLWFjY291bnQ',
  password: 'canary-password-of-httpreq',
  env: 'canary-token-of-environment',
  endpoint: 'canary-in-an-endpoint',
  ask: 'canary-in-an-ask-url',
  mistyped: 'canary-under-a-mistyped-key',
};

function yml(acme: string): string {
  return `routes:
  - { host: a.example.com, respond: { body: a } }
acme:
  email: me@example.com
  directory: { url: "https://127.0.0.1:9/directory", name: nowhere, eab: { kid: k1, hmacKey: ${CANARIES.hmac} } }
${acme}`;
}

/** Settings, and what tells that they were read. */
const RUNS: readonly (readonly [acme: string, shown: 'rejected' | RegExp])[] = [
  [
    `  dns: { provider: httpreq, endpoint: "http://127.0.0.1:9/", username: me, password: "${CANARIES.password}", propagationCheck: "false" }\n`,
    /no answer from 127\.0\.0\.1:9/,
  ],
  [
    `  dns: { provider: httpreq, endpoint: "http://me:${CANARIES.endpoint}@127.0.0.1:9/", username: me, password: "${CANARIES.password}" }\n`,
    /acme\.dns\.endpoint/,
  ],
  ['  dns: { provider: cloudflare, ttl: "no number" }\n', /acme\.dns\.ttl/],
  [`  dns: { provider: httpreq, endpoint: "http://127.0.0.1:9/", pasword: "${CANARIES.mistyped}" }\n`, 'rejected'],
  [`  onDemand: { ask: "http://me:${CANARIES.ask}@127.0.0.1:9/" }\n`, 'rejected'],
];

it('tells no secret, whatever fails, and leaves no file to others', async () => {
  const umask = process.umask(0);
  onTestFinished(() => void process.umask(umask));
  const env = { CF_DNS_API_TOKEN: CANARIES.env };
  const said: string[] = [];
  await using product = await Product.start({ yml: yml(RUNS[0]?.[0] ?? ''), env });
  for (const [acme, shown] of RUNS) {
    await product.configure(yml(acme));
    await eventually(
      async () => (shown === 'rejected' ? (await product.rejected()).length > 0 : shown.test(product.output)),
      { deadlineMs: 90_000, what: `a word about ${acme}` },
    );
    const validated = await product.cli('validate', '--json');
    said.push(validated.stdout, validated.stderr);
    for (const path of ['/certificates', '/rejected', '/metrics', '/routes', '/service/balancer']) {
      said.push(await (await fetch(`http://127.0.0.1:${product.apiPort}${path}`)).text());
    }
  }
  const table = await product.cli('certificates');
  said.push(table.stdout, table.stderr, product.output);
  const keys = await keysBelow(product.state);
  expect(keys.length).toBeGreaterThan(0);
  const all = said.join('\n');
  expect(all).toContain('no answer from 127.0.0.1:9');
  expect([...Object.values(CANARIES), ...keys].filter((secret) => all.includes(secret))).toEqual([]);
});

/** A line of each private key; also sees to it that only we can read them, and all that is about certificates. */
async function keysBelow(folder: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const text = entry.isFile() ? await readFile(path, 'utf8') : '';
    const key = /PRIVATE KEY-----(?:\\n|\n)([^\\\n]+)/.exec(text)?.[1];
    if (key !== undefined) keys.push(key);
    const { mode } = await stat(path);
    const isPrivate = key !== undefined || path.startsWith(join(folder, 'certificates'));
    if (isPrivate) expect([path, (mode & 0o077).toString(8)]).toEqual([path, '0']);
  }
  return keys;
}
