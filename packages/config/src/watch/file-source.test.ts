import { mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { join } from 'node:path';
import type { SourceState } from '@dproxy/core';
import { collectLog, eventually, tempFolder, type TempFolder } from '@dproxy/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ParsedFile } from '../file/parsed-file.ts';
import { FileSource } from './file-source.ts';
import { LastGoodFile, readLastGood } from './last-good-file.ts';
import { ManualScheduler } from './manual-scheduler.ts';
import { systemScheduler, type Scheduler } from './scheduler.ts';

let folder: TempFolder;
let path: string;
let running: FileSource[] = [];

beforeEach(async () => {
  folder = await tempFolder();
  path = join(folder.path, 'dproxy.yml');
});

afterEach(async () => {
  await Promise.all(running.map((source) => source.stop()));
  running = [];
  await folder.remove();
});

interface Followed {
  readonly source: FileSource;
  readonly states: SourceState[];
  readonly files: ParsedFile[];
  /** Hosts of the last state. */
  hosts(): string[];
}

async function follow(scheduler: Scheduler = systemScheduler, at = path, state = folder.path): Promise<Followed> {
  const states: SourceState[] = [];
  const files: ParsedFile[] = [];
  const source = new FileSource({
    path: at,
    log: collectLog(),
    onSettings: (file) => files.push(file),
    scheduler,
    lastGood: readLastGood(state, at),
    keep: new LastGoodFile(state, collectLog()),
  });
  running.push(source);
  await source.start((state) => states.push(state));
  const hosts = () => (states.at(-1)?.definitions ?? []).flatMap((definition) => definition.hosts);
  return { source, states, files, hosts };
}

function routes(...hosts: string[]): string {
  return `routes:\n${hosts.map((host) => `  - { host: ${host}, respond: { body: ${host} } }\n`).join('')}`;
}

/** For files whose time matters: that is the machine's. */
function schedulerOfNow(): ManualScheduler {
  const scheduler = new ManualScheduler();
  scheduler.advance(Date.now() - scheduler.nowMs());
  return scheduler;
}

async function hostsBecome(followed: Followed, ...hosts: string[]): Promise<void> {
  await eventually(() => followed.hosts().join() === hosts.join(), { what: `routes ${hosts.join()}` });
}

describe('FileSource with the time and the file system of the machine', () => {
  it('publishes what the file says when it starts', async () => {
    writeFileSync(path, routes('a.test'));
    const followed = await follow();
    expect(followed.source.name).toBe(`file:${path}`);
    expect(followed.states).toHaveLength(1);
    expect(followed.states[0]?.source).toBe(`file:${path}`);
    expect(followed.states[0]?.definitions[0]?.origin).toEqual({
      source: `file:${path}`,
      name: 'routes[0]',
      line: 2,
      project: '',
    });
  });

  it('follows a file that is written in place', async () => {
    writeFileSync(path, routes('a.test'));
    const followed = await follow();
    writeFileSync(path, routes('a.test', 'b.test'));
    await hostsBecome(followed, 'a.test', 'b.test');
    writeFileSync(path, routes('c.test'));
    await hostsBecome(followed, 'c.test');
  });

  it('follows a file that is replaced by renaming, as editors do', async () => {
    writeFileSync(path, routes('a.test'));
    const followed = await follow();
    for (const host of ['b.test', 'c.test']) {
      writeFileSync(`${path}.new`, routes(host));
      renameSync(`${path}.new`, path);
      // oxlint-disable-next-line no-await-in-loop -- one after the other is what is tested
      await hostsBecome(followed, host);
    }
  });

  it('follows a ConfigMap, whose ..data link is swapped', async () => {
    const version = (name: string, host: string): void => {
      mkdirSync(join(folder.path, name));
      writeFileSync(join(folder.path, name, 'dproxy.yml'), routes(host));
      symlinkSync(name, join(folder.path, '..data_tmp'));
      renameSync(join(folder.path, '..data_tmp'), join(folder.path, '..data'));
    };
    version('..v1', 'a.test');
    symlinkSync('..data/dproxy.yml', path);
    const followed = await follow();
    expect(followed.hosts()).toEqual(['a.test']);
    version('..v2', 'b.test');
    rmSync(join(folder.path, '..v1'), { recursive: true });
    await hostsBecome(followed, 'b.test');
  });

  it('follows a link to a file in another folder', async () => {
    await using other = await tempFolder();
    const target = join(other.path, 'real.yml');
    writeFileSync(target, routes('a.test'));
    symlinkSync(target, path);
    const followed = await follow();
    writeFileSync(target, routes('b.test'));
    await hostsBecome(followed, 'b.test');
  });

  it('lives through a path that leads nowhere, and follows the file that takes its place', async () => {
    writeFileSync(path, routes('a.test'));
    const followed = await follow();
    unlinkSync(path);
    symlinkSync(path, path);
    await eventually(() => followed.states.at(-1)?.rejected[0]?.message.includes('ELOOP'), { what: 'a rejection' });
    expect(followed.hosts()).toEqual(['a.test']);
    unlinkSync(path);
    writeFileSync(path, routes('b.test'));
    await hostsBecome(followed, 'b.test');
  });

  it('waits for a file, and for its folder, that do not exist yet', async () => {
    const later = join(folder.path, 'etc', 'dproxy.yml');
    const followed = await follow(systemScheduler, later);
    expect(followed.states).toEqual([{ source: `file:${later}`, definitions: [], streams: [], rejected: [] }]);
    mkdirSync(join(folder.path, 'etc'));
    writeFileSync(later, routes('a.test'));
    await hostsBecome(followed, 'a.test');
  });

  it('follows a folder that is replaced as a whole', async () => {
    const at = join(folder.path, 'etc', 'dproxy.yml');
    mkdirSync(join(folder.path, 'etc'));
    writeFileSync(at, routes('a.test'));
    const followed = await follow(systemScheduler, at);
    mkdirSync(join(folder.path, 'new'));
    writeFileSync(join(folder.path, 'new', 'dproxy.yml'), routes('b.test'));
    renameSync(join(folder.path, 'etc'), join(folder.path, 'old'));
    renameSync(join(folder.path, 'new'), join(folder.path, 'etc'));
    await hostsBecome(followed, 'b.test');
    writeFileSync(at, routes('c.test'));
    await hostsBecome(followed, 'c.test');
  });
});

describe('FileSource with time in our hand', () => {
  let time: ManualScheduler;

  beforeEach(() => {
    time = new ManualScheduler();
  });

  /** Longer than poll and settling together. */
  const pass = (ms = 700): void => time.advance(ms);

  it('keeps the last good version of a deleted file, and says so', async () => {
    writeFileSync(path, routes('a.test'));
    const followed = await follow(time);
    unlinkSync(path);
    pass(3_000);
    expect(followed.hosts()).toEqual(['a.test']);
    expect(followed.states.at(-1)?.rejected[0]?.message).toBe('the file is not used: it does not exist');
    writeFileSync(path, routes('b.test'));
    pass();
    expect(followed.hosts()).toEqual(['b.test']);
    expect(followed.states.at(-1)?.rejected).toEqual([]);
  });

  it('believes an empty file only after two seconds', async () => {
    writeFileSync(path, routes('a.test'));
    const followed = await follow(time);
    truncateSync(path);
    pass(1_900);
    expect(followed.hosts()).toEqual(['a.test']);
    pass(1_000);
    expect(followed.hosts()).toEqual([]);
  });

  it('takes a file of comments as an empty one', async () => {
    writeFileSync(path, routes('a.test'));
    const followed = await follow(time);
    writeFileSync(path, '# my routes\n');
    pass(1_900);
    expect(followed.hosts()).toEqual(['a.test']);
    writeFileSync(path, `# my routes\n${routes('b.test')}`);
    pass();
    expect(followed.hosts()).toEqual(['b.test']);
  });

  it('keeps the last good version through a syntax error', async () => {
    writeFileSync(path, routes('a.test'));
    const followed = await follow(time);
    writeFileSync(path, 'routes: [');
    pass();
    expect(followed.hosts()).toEqual(['a.test']);
    expect(followed.states.at(-1)?.rejected[0]?.line).toBe(1);
  });

  it('has the last good version when it starts again while the file is broken', async () => {
    writeFileSync(path, `workers: 3\n${routes('a.test')}`);
    await (await follow(time)).source.stop();
    writeFileSync(path, 'routes: [');
    const followed = await follow(time);
    expect(followed.hosts()).toEqual(['a.test']);
    expect(followed.files.at(-1)?.settings).toEqual({ workers: 3 });
    expect(followed.states.at(-1)?.rejected).toHaveLength(1);
    writeFileSync(path, routes('b.test'));
    pass();
    expect(followed.hosts()).toEqual(['b.test']);
  });

  it('has the last good version when it starts while the file is being written, until that is settled', async () => {
    const state = folder.path;
    writeFileSync(path, routes('a.test'));
    const before = await follow();
    await before.source.stop();
    writeFileSync(path, '');
    const scheduler = schedulerOfNow();
    const again = await follow(scheduler, path, state);
    expect(again.hosts()).toEqual(['a.test']);
    expect(again.files).toHaveLength(1);
    scheduler.advance(1_000);
    writeFileSync(path, routes('b.test'));
    scheduler.advance(3_000);
    expect(again.hosts()).toEqual(['b.test']);
    await again.source.stop();

    writeFileSync(path, '');
    const later = schedulerOfNow();
    const emptied = await follow(later, path, state);
    expect(emptied.hosts()).toEqual(['b.test']);
    later.advance(3_000);
    expect(emptied.hosts()).toEqual([]);
  });

  it('has the last good version of one entry when it starts again, and what is new beside it', async () => {
    writeFileSync(path, routes('a.test', 'b.test'));
    await (await follow(time)).source.stop();
    writeFileSync(path, `${routes('a.test', 'c.test')}  - { host: b.test, hots: x }\n`);
    expect((await follow(time)).hosts()).toEqual(['a.test', 'c.test', 'b.test']);
  });

  it('has nothing of a file that is gone when it starts, nor of another file, nor of a state folder that makes no sense', async () => {
    writeFileSync(path, routes('a.test'));
    await (await follow(time)).source.stop();
    unlinkSync(path);
    const absent = await follow(time);
    expect(absent.hosts()).toEqual([]);
    await absent.source.stop();
    const other = join(folder.path, 'other.yml');
    writeFileSync(other, 'routes: [');
    expect((await follow(time, other)).hosts()).toEqual([]);
    writeFileSync(join(folder.path, 'last-good.json'), 'null');
    writeFileSync(path, 'routes: [');
    expect((await follow(time)).hosts()).toEqual([]);
  });

  it('serves on when the last good version cannot be kept', async () => {
    writeFileSync(path, routes('a.test'));
    expect((await follow(time, path, join(folder.path, 'no-such-folder'))).hosts()).toEqual(['a.test']);
  });

  it('keeps the last good version of what becomes unreadable in another way', async () => {
    writeFileSync(path, routes('a.test'));
    const followed = await follow(time);
    writeFileSync(path, Buffer.from('routes:\n  - { host: b.test, respond: { body: "\xff" } }\n', 'latin1'));
    pass();
    expect(followed.states.at(-1)?.rejected[0]).toMatchObject({
      line: 2,
      message: 'the file is not used: it is not UTF-8',
    });
    writeFileSync(path, `# ${'x'.repeat(1_048_576)}\n`);
    pass();
    unlinkSync(path);
    mkdirSync(path);
    pass(3_000);
    expect(followed.states.at(-1)?.rejected[0]?.message).toBe('the file is not used: it is not a regular file');
    expect(followed.hosts()).toEqual(['a.test']);
  });

  it('tells settings first, and only when they changed', async () => {
    writeFileSync(path, `drain: 1s\n${routes('a.test')}`);
    const followed = await follow(time);
    writeFileSync(path, `drain: 1s\n${routes('b.test')}`);
    pass();
    expect(followed.files.map(({ settings }) => settings.drain)).toEqual([1_000]);
    writeFileSync(path, `drain: 2s\n${routes('b.test')}`);
    pass();
    expect(followed.files.map(({ settings }) => settings.drain)).toEqual([1_000, 2_000]);
    expect(followed.states.map(({ definitions }) => definitions[0]?.hosts[0])).toEqual(['a.test', 'b.test']);
  });

  it('publishes nothing for a file that is touched, or changed and changed back', async () => {
    writeFileSync(path, routes('a.test'));
    const followed = await follow(time);
    writeFileSync(path, routes('a.test'));
    pass();
    writeFileSync(path, routes('b.test'));
    pass(50);
    writeFileSync(path, routes('a.test'));
    pass();
    expect(followed.states).toHaveLength(1);
  });

  it('reads a file that never comes to rest by its content', async () => {
    writeFileSync(path, routes('a.test'));
    const followed = await follow(time);
    writeFileSync(path, routes('b.test'));
    for (let count = 0; count < 20; count += 1) {
      // oxlint-disable-next-line no-await-in-loop -- lets the watcher speak
      await turn();
      writeFileSync(path, routes('b.test'));
      pass(90);
    }
    expect(followed.hosts()).toEqual(['b.test']);
  });

  it('says nothing after it was stopped', async () => {
    writeFileSync(path, routes('a.test'));
    const followed = await follow(time);
    await followed.source.stop();
    writeFileSync(path, routes('b.test'));
    await turn();
    pass(3_000);
    expect(followed.states).toHaveLength(1);
  });

  it('survives 1,000 torn writes without one bad swap', async () => {
    const version = (number: number): string[] => [
      `v${number}.test`,
      ...Array.from({ length: 8 }, (_, at) => `r${at}.test`),
      'last.test',
    ];
    writeFileSync(path, routes(...version(0)));
    const followed = await follow(time);
    let seed = 1;
    const random = (below: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    for (let number = 1; number <= 1_000; number += 1) {
      const text = routes(...version(number));
      const cut = random(text.length);
      // The writer stops somewhere in the middle, for less time than a read needs to be believed.
      writeFileSync(path, text.slice(0, cut));
      // oxlint-disable-next-line no-await-in-loop -- lets the watcher speak
      await turn();
      time.advance(random(190));
      writeFileSync(path, text);
      // oxlint-disable-next-line no-await-in-loop -- lets the watcher speak
      await turn();
      time.advance(random(700));
    }
    pass();
    expect(followed.hosts()).toEqual(version(1_000));
    expect(followed.states.length).toBeGreaterThan(100);
    for (const state of followed.states) {
      expect(state.rejected).toEqual([]);
      expect(state.definitions).toHaveLength(10);
    }
  });

  it('knows since when an entry is there, from the time of the file', async () => {
    writeFileSync(path, routes('a.test'));
    const followed = await follow(time);
    const since = followed.states[0]?.definitions[0]?.sinceMs ?? 0;
    expect(since).toBe(time.nowMs());
    writeFileSync(path, routes('b.test', 'a.test'));
    pass();
    const ages = new Map(followed.states.at(-1)?.definitions.map(({ hosts, sinceMs }) => [hosts[0], sinceMs]));
    expect(ages.get('a.test')).toBe(since);
    expect(ages.get('b.test')).toBeGreaterThan(since);
  });
});
