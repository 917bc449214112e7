import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectLog, eventually, tempFolder, type TempFolder } from '@dproxy/testkit';
import { failureOf, openProvider, recordOf } from './_provider.ts';

const signal = new AbortController().signal;
const record = recordOf('_acme-challenge.example.test', 'digest');
let folder: TempFolder;

beforeEach(async () => {
  folder = await tempFolder();
});

afterEach(async () => {
  await folder.remove();
});

/** A real shell script; `$folder` is the folder of the test. */
async function script(body: string): Promise<string> {
  const path = join(folder.path, 'hook with a space.sh');
  await writeFile(path, `#!/bin/sh\nfolder='${folder.path}'\n${body}\n`);
  await chmod(path, 0o755);
  return path;
}

const written = async (name: string) => await readFile(join(folder.path, name), 'utf8');

describe('arguments', () => {
  const body = 'for word; do echo "<$word>"; done >> "$folder/arguments"';

  it('are the action, the name with its final dot and the value', async () => {
    const provider = openProvider('exec', { options: { path: await script(body) } });
    await provider.add(record, signal);
    await provider.remove(record, signal);
    const said = (action: string) => `<${action}>\n<_acme-challenge.example.test.>\n<digest>\n`;
    expect(await written('arguments')).toBe(said('present') + said('cleanup'));
  });

  it('are domain, token and key authorization behind two dashes in RAW mode', async () => {
    await openProvider('exec', { options: { path: await script(body), mode: 'RAW' } }).add(record, signal);
    expect(await written('arguments')).toBe('<present>\n<-->\n<example.test>\n<-token>\n<-token.thumbprint>\n');
  });

  it('are no words of a shell', async () => {
    const hostile = recordOf('_acme-challenge.example.test', '$(touch "$folder/owned"); `id` *');
    await openProvider('exec', { options: { path: await script(body) } }).add(hostile, signal);
    expect(await written('arguments')).toContain('<$(touch "$folder/owned"); `id` *>');
  });
});

it('the program gets what it needs to run and what the operator passes, nothing else', async () => {
  const env = {
    PATH: process.env['PATH'],
    HOME: '/nowhere',
    CF_DNS_API_TOKEN: 'not for hooks',
    HOOK_KEY: 'for the hook',
  };
  const options = { path: await script('env > "$folder/environment"'), passEnv: 'HOOK_KEY, HOOK_ABSENT' };
  await openProvider('exec', { options, env }).add(record, signal);
  const variables = (await written('environment'))
    .trim()
    .split('\n')
    .filter((line) => !/^(PWD|SHLVL|OLDPWD|_)=/.test(line));
  expect(variables.toSorted()).toEqual(['HOME=/nowhere', 'HOOK_KEY=for the hook', `PATH=${process.env['PATH'] ?? ''}`]);
});

it('a failure tells exit code and output, without the variables that were passed', async () => {
  const options = { path: await script('echo "denied for $HOOK_KEY" >&2; exit 3'), passEnv: 'HOOK_KEY' };
  const env = { HOOK_KEY: 'very-secret-key' };
  const error = await failureOf(openProvider('exec', { options, env }).add(record, signal));
  expect(error).toMatchObject({ name: 'IssueError', problem: 'misconfigured' });
  expect(String(error)).toMatch(/present ended with 3 for _acme-challenge\.example\.test: denied for \[secret\]$/);
});

it('a program that cannot be run is told', async () => {
  const error = await failureOf(openProvider('exec', { options: { path: '/nowhere/hook' } }).add(record, signal));
  expect(error).toMatchObject({ problem: 'misconfigured', message: '/nowhere/hook cannot be run: ENOENT' });
});

it('output without end is dropped, and the program not held up', async () => {
  const log = collectLog();
  const path = await script('head -c 3000000 /dev/zero | tr "\\0" x');
  await openProvider('exec', { options: { path }, log }).add(record, signal);
  expect(JSON.stringify(log.entries).length).toBeLessThan(1_000);
});

describe('a program that does not end', () => {
  const body = 'sleep 600 & echo $! > "$folder/child"; wait';

  async function childIsGone(): Promise<boolean> {
    const pid = Number(await written('child'));
    try {
      process.kill(pid, 0);
      // A zombie counts as gone: only its parent's leaving is waited for.
      return (await readFile(`/proc/${pid}/stat`, 'utf8')).includes(') Z ');
    } catch {
      return true;
    }
  }

  it('is killed with its children when its time is over', async () => {
    const options = { path: await script(body), timeoutMs: '400' };
    const error = await failureOf(openProvider('exec', { options }).add(record, signal));
    expect(String(error)).toContain('did not end within 400 ms');
    await eventually(childIsGone);
  });

  it('is killed with its children when nobody waits any more', async () => {
    const abort = new AbortController();
    const run = failureOf(openProvider('exec', { options: { path: await script(body) } }).add(record, abort.signal));
    await eventually(async () => (await written('child')).endsWith('\n'));
    abort.abort(new Error('enough'));
    expect(String(await run)).toBe('Error: enough');
    await eventually(childIsGone);
  });
});
