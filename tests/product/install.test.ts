import { readFile, rm, writeFile, mkdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolder } from '@dproxy/testkit';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { makeCheckout } from './checkout.ts';
import { runProgram, type CommandResult } from './product.ts';

let root = '';
let calls = '';

/** An `npm` that only says how it was called: whether it is called is what these tests are about. */
beforeEach(async () => {
  const folder = await tempFolder('dp-');
  onTestFinished(() => folder.remove());
  root = await makeCheckout(folder.path);
  calls = join(folder.path, 'npm-calls');
  await mkdir(join(folder.path, 'bin'));
  await writeFile(join(folder.path, 'bin', 'npm'), `#!/bin/sh\necho "$@" >> ${calls}\nexit "\${NPM_EXIT:-0}"\n`, {
    mode: 0o755,
  });
});

it('does nothing when the lockfile is the one that was installed, so it works offline', async () => {
  expect(await install()).toMatchObject({ code: 0, stdout: '', stderr: '' });
  expect(existsSync(calls)).toBe(false);
});

it('installs with npm ci when the lockfile changed, once', async () => {
  await writeFile(join(root, 'package-lock.json'), '{}');
  expect((await install()).code).toBe(0);
  expect(await readFile(calls, 'utf8')).toMatch(/^ci /);
  await rm(calls);
  expect((await install()).code).toBe(0);
  expect(existsSync(calls)).toBe(false);
});

it('installs once when it is started twice at the same time', async () => {
  await writeFile(join(root, 'package-lock.json'), '{}');
  const both = await Promise.all([install(), install()]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  expect((await readFile(calls, 'utf8')).trim().split('\n')).toHaveLength(1);
});

it('never installs under a running instance: it says which, and exits 1', async () => {
  await writeFile(join(root, 'package-lock.json'), '{}');
  await mkdir(join(root, 'node_modules', '.dproxy-instances'));
  await writeFile(join(root, 'node_modules', '.dproxy-instances', String(process.pid)), '');
  const refused = await install();
  expect([refused.code, existsSync(calls)]).toEqual([1, false]);
  expect(refused.stderr).toContain(`this checkout is running (pid ${process.pid})`);
});

it('does not take a program for an instance that has the pid of one that was killed', async () => {
  await writeFile(join(root, 'package-lock.json'), '{}');
  await mkdir(join(root, 'node_modules', '.dproxy-instances'));
  await writeFile(join(root, 'node_modules', '.dproxy-instances', String(process.pid)), '1');
  expect((await install()).code).toBe(0);
});

it('exits 1 when npm fails, and tries again the next time', async () => {
  await writeFile(join(root, 'package-lock.json'), '{}');
  expect((await install({ NPM_EXIT: '1' })).code).toBe(1);
  expect((await install()).code).toBe(0);
  expect((await readFile(calls, 'utf8')).trim().split('\n')).toHaveLength(2);
});

async function install(env: Record<string, string> = {}): Promise<CommandResult> {
  const path = `${join(root, '..', 'bin')}:${process.env['PATH'] ?? ''}`;
  return await runProgram([process.execPath, join(root, 'scripts', 'install.mjs')], { env: { PATH: path, ...env } });
}
