import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { collectLog, tempFolder } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { demoDefinitions, gatherFacts, LastGoodFile, loadSettings, validateFile } from './index.ts';

describe('loadSettings', () => {
  it('reads the file that a variable names, and resolves later versions of it with the same variables', async () => {
    await using folder = await tempFolder();
    const path = join(folder.path, 'dproxy.yml');
    writeFileSync(path, 'listen: { http: 8081 }\nworkers: 3\nroutes:\n  - { host: a.test, to: b:1 }\n');
    const env = { DOCKER_PROXY_CONFIG_PATH: path, DOCKER_PROXY_WORKER_LIMIT: '2' };
    const loaded = loadSettings({ env, flags: {}, facts: gatherFacts(folder.path), nowMs: Date.now() });
    expect(loaded.problems).toEqual([]);
    expect(loaded.settings.listeners[0]?.addresses[0]?.port).toBe(8081);
    expect(loaded.file?.definitions).toHaveLength(1);
    if (loaded.file === null) throw new Error('no file');
    const later = loaded.resolve({ ...loaded.file, settings: { drain: 1, workers: 9 } });
    expect(later.settings).toMatchObject({ workers: { count: 2 }, worker: { drainMs: 1 } });
  });

  it('starts with a file that is broken, and says what is wrong', async () => {
    await using folder = await tempFolder();
    const path = join(folder.path, 'dproxy.yml');
    writeFileSync(path, 'routes: [');
    const loaded = loadSettings({ env: {}, flags: { config: path }, facts: gatherFacts('/'), nowMs: 1 });
    expect(loaded.problems).toEqual([]);
    expect(loaded.file?.rejected).toHaveLength(1);
    expect(validateFile(path)).toEqual(loaded.file?.rejected);
  });

  it('starts with the last good version of what is broken, listeners too: they must not move at a restart', async () => {
    await using folder = await tempFolder();
    const path = join(folder.path, 'dproxy.yml');
    const text = 'listen: { http: 8081 }\nroutes:\n  - { host: a.test, to: b:1 }\n';
    new LastGoodFile(folder.path, collectLog()).save({ path, text, seenMs: 1 });
    writeFileSync(path, 'routes: [');
    const env = { DOCKER_PROXY_STATE_PATH: folder.path };
    const loaded = loadSettings({ env, flags: { config: path }, facts: gatherFacts('/'), nowMs: 2 });
    expect(loaded.settings.listeners[0]?.addresses[0]?.port).toBe(8081);
    expect(loaded.file?.definitions).toHaveLength(1);
    expect(loaded.file?.rejected).toHaveLength(1);
  });

  it('starts with the last good version of a file that somebody empties at this moment, to write it anew', async () => {
    await using folder = await tempFolder();
    const path = join(folder.path, 'dproxy.yml');
    const text = 'drain: 1\nroutes:\n  - { host: a.test, to: b:1 }\n';
    new LastGoodFile(folder.path, collectLog()).save({ path, text, seenMs: 1 });
    writeFileSync(path, '');
    const load = (nowMs: number) =>
      loadSettings({
        env: { DOCKER_PROXY_STATE_PATH: folder.path },
        flags: { config: path },
        facts: gatherFacts('/'),
        nowMs,
      });
    expect(load(Date.now())).toMatchObject({ settings: { worker: { drainMs: 1 } }, file: { rejected: [] } });
    expect(load(Date.now()).file?.definitions).toHaveLength(1);
    // It was empty long before.
    expect(load(Date.now() + 60_000).file?.definitions).toHaveLength(0);
  });

  it('warns when the file that somebody named is not there', () => {
    const loaded = loadSettings({
      env: {},
      flags: { config: '/nowhere/dproxy.yml' },
      facts: gatherFacts('/'),
      nowMs: 1,
    });
    expect(loaded).toMatchObject({ file: null, problems: [] });
    expect(loaded.warnings.join()).toContain('/nowhere/dproxy.yml does not exist');
    expect(validateFile('/nowhere/dproxy.yml')).toHaveLength(1);
  });
});

describe('the demo route', () => {
  it('answers by itself, for this machine only, and gives way to any real route', () => {
    const [demo] = demoDefinitions();
    expect(demo).toMatchObject({
      hosts: ['whoami.localhost'],
      audience: 'local',
      action: { type: 'respond', status: 200 },
    });
    expect(demo?.sinceMs).toBeGreaterThan(Date.now());
  });
});
