import { rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, freePort, get } from '@dproxy/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Product } from './product.ts';

let product: Product;

beforeAll(async () => {
  product = await Product.start({ yml: answering('first') });
});
afterAll(async () => {
  await product[Symbol.asyncDispose]();
});

function answering(body: string): string {
  return `routes:\n  - { host: app.test, respond: { body: ${body} } }\n`;
}

async function whenAnswers(body: string): Promise<void> {
  const ask = async (): Promise<string> => (await product.get('app.test')).body.text;
  await eventually(async () => (await product.allOf(ask)).every((text) => text === body), {
    what: `the answer ${body}`,
  });
}

it('serves a change that is written in place', async () => {
  await whenAnswers('first');
  await product.configure(answering('in-place'));
  await whenAnswers('in-place');
});

it('serves a change that an editor renames into its place', async () => {
  const next = `${product.configFile}.new`;
  await writeFile(next, answering('renamed'));
  await rename(next, product.configFile);
  await whenAnswers('renamed');
  await product.configure(answering('again'));
  await whenAnswers('again');
});

it('serves a change that comes by swapping a symlink, as config maps do', async () => {
  const [one, two] = [join(product.folder, 'one.yml'), join(product.folder, 'two.yml')];
  await writeFile(one, answering('one'));
  await writeFile(two, answering('two'));
  await swapLink(one);
  await whenAnswers('one');
  await swapLink(two);
  await whenAnswers('two');
  // A write to the target, too.
  await writeFile(two, answering('three'));
  await whenAnswers('three');
});

it('keeps the last good version when the file is deleted, and follows it when it comes back', async () => {
  await rm(product.configFile);
  await eventually(async () => (await product.rejected()).length > 0);
  await whenAnswers('three');
  expect(await product.status('whoami.localhost')).toBe(404);
  await product.configure(answering('back'));
  await whenAnswers('back');
});

it('refuses a file with a syntax error, says where, and keeps the last good version', async () => {
  await product.configure('routes:\n  - host: app.test\n    respond: { body: [broken\n');
  const rejection = await eventually(async () => (await product.rejected()).find(({ line }) => line > 0));
  expect(rejection).toMatchObject({ source: product.configFile, line: expect.any(Number) as number });
  expect(rejection.line).toBeGreaterThanOrEqual(3);
  expect(rejection.column).toBeGreaterThan(0);
  await whenAnswers('back');
});

it('refuses one bad entry alone, with its place, and serves the others', async () => {
  await product.configure(
    `${answering('good')}  - { host: bad.test, redirct: /x }\n  - { host: fine.test, respond: {} }\n`,
  );
  await whenAnswers('good');
  expect(await product.status('fine.test')).toBe(200);
  expect(await product.status('bad.test')).toBe(404);
  const rejected = await product.rejected();
  expect(rejected.length).toBeGreaterThan(0);
  for (const rejection of rejected) expect(rejection).toMatchObject({ source: product.configFile, line: 3 });
  expect(JSON.stringify(rejected)).toContain('did you mean \\"redirect\\"');
  await product.configure(answering('mended'));
  await whenAnswers('mended');
  await eventually(async () => (await product.rejected()).length === 0);
});

it('applies an empty file after a while, not at once', async () => {
  await product.configure('');
  await whenAnswers('mended');
  await product.whenStatus('app.test', 404);
  await product.configure(answering('filled'));
  await whenAnswers('filled');
});

it('opens and closes tcp listeners on all workers, and answers respond and redirect', async () => {
  const port = await freePort();
  await product.configure(`
routes:
  - { host: app.test, respond: { status: 201, body: made, headers: { x-own: yes } } }
  - { host: old.test, redirect: { to: https://new.test/, status: 308 } }
tcp:
  - { listen: 127.0.0.1:${port}, to: 127.0.0.1:${product.httpPort} }
`);
  const tcp = { port, name: 'app.test' };
  const answer = await eventually(() => get(tcp));
  expect([answer.status, answer.body.text]).toEqual([201, 'made']);
  expect(answer.headers).toContainEqual(['x-own', 'yes']);
  await product.version();
  for (let connection = 0; connection < 20; connection++) expect((await get(tcp)).status).toBe(201);
  const redirect = await product.get('old.test', '/some/page');
  expect(redirect.status).toBe(308);
  expect(redirect.headers).toContainEqual(['location', 'https://new.test/']);
  await product.configure(answering('plain'));
  await whenAnswers('plain');
  await eventually(async () => {
    const code = await get(tcp).then(
      () => '',
      (error: unknown) => (error as NodeJS.ErrnoException).code,
    );
    return code === 'ECONNREFUSED';
  });
});

async function swapLink(target: string): Promise<void> {
  const link = `${product.configFile}.link`;
  await symlink(target, link);
  await rename(link, product.configFile);
}
