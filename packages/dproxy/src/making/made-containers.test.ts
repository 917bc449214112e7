import { join } from 'node:path';
import { silentLog, type ContainerEngine, type ContainerPlan, type EngineEndpoint } from '@dproxy/core';
import { MakerError } from '@dproxy/core';
import { eventually, tempFolder } from '@dproxy/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MADE_LABEL, MadeContainers, type MadeContainersOptions } from './made-containers.ts';
import { MadeFile } from './made-file.ts';

const NGINX = { image: 'docker.io/library/nginx', tag: 'latest', name: '', engine: '' };
const endpoint = (name: string): EngineEndpoint => ({ name, socketPath: '', host: '', port: 0, tls: null });

/** An engine in memory: what it holds is what it was asked for. */
class FakeEngine implements ContainerEngine {
  readonly containers = new Map<string, { plan: ContainerPlan; state: string }>();
  readonly images = new Set(['docker.io/library/nginx:latest']);
  readonly calls: string[] = [];
  pulling: PromiseWithResolvers<void> = Promise.withResolvers();
  startFailure: Error | undefined;
  endsAtOnce = false;
  #created = 0;

  hasImage(reference: string): Promise<boolean> {
    return Promise.resolve(this.images.has(reference));
  }

  async pull(
    image: string,
    tag: string,
    { onProgress, signal }: Parameters<ContainerEngine['pull']>[2],
  ): Promise<void> {
    this.calls.push(`pull ${image}:${tag}`);
    onProgress({ layers: 2, finishedLayers: 1, bytes: 1, totalBytes: 2 });
    signal.addEventListener('abort', () => this.pulling.reject(signal.reason as Error));
    await this.pulling.promise;
  }

  create(plan: ContainerPlan): Promise<string> {
    const isTaken = [...this.containers.values()].some(({ plan: { name } }) => name === plan.name);
    if (isTaken) return Promise.reject(new MakerError('conflict', `another container is called ${plan.name}`));
    const id = String((this.#created += 1)).padStart(64, '0');
    this.containers.set(id, { plan, state: 'created' });
    return Promise.resolve(id);
  }

  start(id: string): Promise<void> {
    this.calls.push(`start ${id}`);
    if (this.startFailure !== undefined) return Promise.reject(this.startFailure);
    if (this.endsAtOnce) this.containers.delete(id);
    const container = this.containers.get(id);
    if (container !== undefined) container.state = 'running';
    return Promise.resolve();
  }

  stop(id: string): Promise<void> {
    this.calls.push(`stop ${id}`);
    this.containers.delete(id);
    return Promise.resolve();
  }

  remove(id: string): Promise<void> {
    this.calls.push(`remove ${id}`);
    this.containers.delete(id);
    return Promise.resolve();
  }

  labelled(label: string, value: string): Promise<ReadonlyMap<string, string>> {
    const ours = [...this.containers].filter(([, { plan }]) => plan.labels[label] === value);
    return Promise.resolve(new Map(ours.map(([id, { state }]) => [id, state])));
  }

  close(): void {}
}

let folder: Awaited<ReturnType<typeof tempFolder>>;
let engine: FakeEngine;
let allowed: string[];
let limits: { memory: number; processes: number; count: number; perMinute: number };
let nowMs: number;
const makers: MadeContainers[] = [];

beforeEach(async () => {
  folder = await tempFolder();
  engine = new FakeEngine();
  allowed = ['docker.io/library/nginx'];
  limits = { memory: 1_000, processes: 10, count: 3, perMinute: 100 };
  nowMs = 0;
});
afterEach(async () => {
  // Orders that were not waited for write into it.
  await Promise.all(makers.splice(0).map((maker) => maker.close()));
  await folder.remove();
});

async function makerOf(options: Partial<MadeContainersOptions> = {}): Promise<MadeContainers> {
  const file = new MadeFile(join(folder.path, 'made.json'), silentLog);
  const settings = (): never =>
    ({
      api: { containers: allowed, containerLimits: limits },
      docker: { engines: [endpoint('a'), endpoint('b')] },
    }) as never;
  const maker = new MadeContainers({
    file,
    ledger: await file.load(),
    log: silentLog,
    settings,
    openEngine: () => Promise.resolve(engine),
    nowMs: () => nowMs,
    patienceMs: 60_000,
    ...options,
  });
  makers.push(maker);
  return maker;
}

const problem = (name: string) => expect.objectContaining({ problem: name });

test('an image that is there is made, started and remembered over a restart', async () => {
  const maker = await makerOf();
  const made = await maker.make(NGINX);
  expect(made).toMatchObject({ state: 'running', engine: 'a', pull: null, problem: '' });
  expect(made.name).toMatch(/^nginx-[0-9a-f]{8}$/);
  const [{ plan } = { plan: undefined }] = engine.containers.values();
  expect(plan).toMatchObject({ reference: 'docker.io/library/nginx:latest', memoryBytes: 1_000, maxProcesses: 10 });
  expect(Object.keys(plan?.labels ?? {})).toEqual([MADE_LABEL]);
  expect(await (await makerOf()).list()).toEqual([made]);
});

test('nothing is asked of an engine while no image is allowed, and only those are made', async () => {
  let opened = 0;
  const maker = await makerOf({ openEngine: () => Promise.resolve(((opened += 1), engine)) });
  await expect(maker.make({ ...NGINX, image: 'docker.io/library/redis' })).rejects.toEqual(problem('forbidden'));
  await expect(maker.make({ ...NGINX, image: 'ghcr.io/library/nginx' })).rejects.toEqual(problem('forbidden'));
  expect(opened).toBe(0);
  const { name } = await maker.make(NGINX);
  opened = 0;
  allowed = [];
  await expect(maker.make(NGINX)).rejects.toEqual(problem('forbidden'));
  for (const act of ['start', 'stop', 'remove'] as const)
    await expect(maker[act](name)).rejects.toEqual(problem('forbidden'));
  expect(await maker.list()).toMatchObject([{ name, state: 'unknown' }]);
  expect(opened).toBe(0);
});

test('an image that left the list is started no more, but may be stopped and removed', async () => {
  const maker = await makerOf();
  const { name } = await maker.make(NGINX);
  allowed = ['docker.io/library/redis'];
  await expect(maker.start(name)).rejects.toEqual(problem('forbidden'));
  expect((await maker.stop(name)).state).toBe('stopped');
  expect((await maker.remove(name)).state).toBe('stopped');
});

test('an image that is taken from the list during its pull is not made', async () => {
  const maker = await makerOf();
  const making = maker.make({ ...NGINX, tag: '1' });
  await eventually(() => engine.calls.length > 0);
  allowed = ['docker.io/library/redis'];
  engine.pulling.resolve();
  await expect(making).rejects.toEqual(problem('forbidden'));
  expect(engine.containers.size).toBe(0);
});

test('what somebody else made is not touched, whatever its label says', async () => {
  const maker = await makerOf();
  const { name, id } = await maker.make(NGINX);
  const label = engine.containers.get(id)?.plan.labels ?? {};
  const forged = 'f'.repeat(64);
  engine.containers.set(forged, { plan: { ...NGINX, name: 'forged', labels: label } as never, state: 'running' });
  engine.containers.set('e'.repeat(64), { plan: { ...NGINX, name: 'other', labels: {} } as never, state: 'running' });
  for (const ref of [forged, forged.slice(0, 12), 'forged', 'e'.repeat(64), 'other', '', '0', id.slice(0, 8)])
    for (const act of ['start', 'stop', 'remove'] as const)
      await expect(maker[act](ref)).rejects.toEqual(problem('unknown'));
  expect(engine.calls.filter((call) => !call.endsWith(id))).toEqual([]);
  // An id of ours on something without our label is not ours either.
  engine.containers.set(id, { plan: { ...NGINX, name, labels: {} } as never, state: 'running' });
  expect((await maker.stop(name)).state).toBe('stopped');
  await maker.remove(name);
  expect(engine.containers.has(id)).toBe(true);
});

test('stop ends it, start makes it anew with the same name, remove forgets it', async () => {
  const maker = await makerOf();
  const made = await maker.make({ ...NGINX, name: 'web' });
  expect((await maker.stop(made.id.slice(0, 12))).state).toBe('stopped');
  expect((await maker.stop('web')).state).toBe('stopped');
  const again = await maker.start('web');
  expect(again).toMatchObject({ name: 'web', state: 'running' });
  expect(again.id).not.toBe(made.id);
  expect((await maker.start('web')).state).toBe('running');
  await maker.remove('web');
  expect(engine.containers.size).toBe(0);
  expect(await maker.list()).toEqual([]);
  await expect(maker.start('web')).rejects.toEqual(problem('unknown'));
  expect(await (await makerOf()).list()).toEqual([]);
});

test('a name that is taken stays with whom it has', async () => {
  const maker = await makerOf();
  const made = await maker.make({ ...NGINX, name: 'web' });
  await expect(maker.make({ ...NGINX, name: 'web' })).rejects.toEqual(problem('conflict'));
  expect(await maker.list()).toEqual([made]);
  engine.containers.set('e'.repeat(64), { plan: { name: 'db', labels: {} } as never, state: 'running' });
  await expect(maker.make({ ...NGINX, name: 'db' })).rejects.toEqual(problem('conflict'));
  expect(await maker.list()).toEqual([made]);
  await expect(maker.remove('db')).rejects.toEqual(problem('unknown'));
});

test('a long pull is shown, and ends by itself', async () => {
  const maker = await makerOf({ patienceMs: 1 });
  const making = await maker.make({ ...NGINX, tag: '1', name: 'web' });
  const pull = { layers: 2, finishedLayers: 1, bytes: 1, totalBytes: 2 };
  expect(making).toMatchObject({ state: 'pulling', id: '', pull });
  await expect(maker.start('web')).rejects.toEqual(problem('conflict'));
  await expect(maker.make({ ...NGINX, name: 'web' })).rejects.toEqual(problem('conflict'));
  engine.pulling.resolve();
  await eventually(async () => (await maker.list())[0]?.state === 'running');
});

test('a long pull that fails says why afterwards', async () => {
  const maker = await makerOf({ patienceMs: 1 });
  await maker.make({ ...NGINX, tag: '1', name: 'web' });
  engine.pulling.reject(new MakerError('engine', 'the registry has no such image'));
  await eventually(async () => (await maker.list())[0]?.state === 'failed');
  expect(await maker.list()).toMatchObject([{ problem: 'the registry has no such image', id: '' }]);
  await maker.make({ ...NGINX, name: 'web' });
  await eventually(async () => (await maker.list())[0]?.state === 'running');
});

test('a pull is given up by remove and by close', async () => {
  const maker = await makerOf({ patienceMs: 1 });
  await maker.make({ ...NGINX, tag: '1', name: 'web' });
  await maker.remove('web');
  expect(await maker.list()).toEqual([]);
  engine.pulling = Promise.withResolvers();
  await maker.make({ ...NGINX, tag: '1', name: 'web' });
  await maker.close();
  expect(engine.containers.size).toBe(0);
});

test('one that cannot be started is removed; one that ends at once is said', async () => {
  const maker = await makerOf();
  engine.startFailure = new MakerError('engine', 'the engine could not start the container');
  await expect(maker.make({ ...NGINX, name: 'web' })).rejects.toEqual(problem('engine'));
  expect(engine.containers.size).toBe(0);
  engine.startFailure = undefined;
  engine.endsAtOnce = true;
  await expect(maker.make({ ...NGINX, name: 'web' })).rejects.toThrow(/ended as soon as/);
  expect(await maker.list()).toMatchObject([{ name: 'web', state: 'failed' }]);
});

test('no more containers than allowed, orders under way included', async () => {
  const maker = await makerOf({ patienceMs: 1 });
  await maker.make({ ...NGINX, tag: '1' });
  await Promise.all([maker.make(NGINX), maker.make(NGINX)]);
  await expect(maker.make({ ...NGINX, name: 'fourth' })).rejects.toThrow(/3 containers are there/);
  engine.pulling.resolve();
  await eventually(async () => (await maker.list()).filter(({ state }) => state === 'running').length === 3);
  await expect(maker.make({ ...NGINX, name: 'fourth' })).rejects.toEqual(problem('budget'));
  const [first] = await maker.list();
  await maker.remove(first?.name ?? '');
  expect((await maker.make({ ...NGINX, name: 'fourth' })).name).toBe('fourth');
});

test('no more orders at once than four', async () => {
  limits.count = 100;
  const maker = await makerOf({ patienceMs: 1 });
  for (let order = 0; order < 4; order += 1) await maker.make({ ...NGINX, tag: '1' });
  await expect(maker.make(NGINX)).rejects.toThrow(/4 containers are being made/);
  await maker.close();
});

test('no more calls a minute than allowed', async () => {
  limits.perMinute = 2;
  const maker = await makerOf();
  const { name } = await maker.make(NGINX);
  await maker.stop(name);
  await expect(maker.remove(name)).rejects.toEqual(
    expect.objectContaining({ problem: 'budget', retryAfterMs: 30_000 }),
  );
  nowMs = 30_000;
  await maker.remove(name);
});

test('an engine is chosen by name', async () => {
  const asked: string[] = [];
  const maker = await makerOf({ openEngine: ({ name }) => Promise.resolve((asked.push(name), engine)) });
  expect((await maker.make({ ...NGINX, engine: 'b' })).engine).toBe('b');
  expect(new Set(asked)).toEqual(new Set(['b']));
  await expect(maker.make({ ...NGINX, engine: 'c' })).rejects.toThrow(/there is no engine c; expected a, b/);
});
