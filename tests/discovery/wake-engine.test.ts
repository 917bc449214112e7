import { DockerWakeEngine } from '@dproxy/discovery';
import { eventually, freePort } from '@dproxy/testkit';
import { BUSYBOX_IMAGE, runContainer, sharedEngine } from '@dproxy/testkit/docker';
import { afterEach, beforeAll, expect, it } from 'vitest';

const engine = sharedEngine();
let waking: DockerWakeEngine;

beforeAll(async () => {
  const endpoint = { name: 'local', socketPath: engine.socketPath, host: '', port: 0, tls: null };
  waking = await DockerWakeEngine.open(endpoint);
  return () => waking.close();
});
afterEach(async () => {
  const left = await engine.docker('ps', '-aq');
  if (left !== '') await engine.docker('rm', '-f', ...left.split('\n'));
  await engine.docker('network', 'prune', '-f');
});

async function seen(id: string) {
  const container = await waking.look(id);
  if (container === undefined) throw new Error('it is gone');
  return container;
}

it('starts, pauses, wakes and stops a container, and leaves it as it is where there is nothing to do', async () => {
  const { id } = await runContainer(engine, { image: BUSYBOX_IMAGE, start: false });
  expect(await seen(id)).toMatchObject({ state: 'created', startedMs: 0, health: 'none', networks: [] });
  expect(await waking.start(await seen(id))).toBe('started');
  expect(await waking.start(await seen(id))).toBe('ran');
  await waking.unpause(id);
  await waking.pause(id);
  await waking.pause(id);
  expect(await seen(id)).toMatchObject({ state: 'paused' });
  await waking.unpause(id);
  // The engine may hear of the pause, and say so, after it has ended it.
  const running = await eventually(async () => {
    const container = await seen(id);
    return container.state === 'running' ? container : undefined;
  });
  expect(running.exitCode).toBe(0);
  const sample = await waking.cpu(id);
  expect(sample?.usedNs).toBeGreaterThan(0);
  await waking.stop(id);
  await waking.stop(id);
  expect(await seen(id)).toMatchObject({ state: 'exited', exitCode: 137 });
  expect(await waking.cpu(id)).toBeUndefined();
});

it('says that a container runs which is about to end', async () => {
  const command = ['sh', '-c', 'trap "sleep 1; exit 3" TERM; while true; do sleep 0.1; done'];
  const { id } = await runContainer(engine, { image: BUSYBOX_IMAGE, command, stopSignal: 'SIGTERM' });
  const stopping = waking.stop(id);
  expect(await waking.start(await seen(id))).toBe('ran');
  await stopping;
  await eventually(async () => (await seen(id)).state === 'exited');
});

it('reads the end of a log, with and without a terminal', async () => {
  const command = ['sh', '-c', 'for n in 1 2 3; do echo "line $n"; done; echo "an error" >&2'];
  const plain = await runContainer(engine, { image: BUSYBOX_IMAGE, command });
  await eventually(async () => (await seen(plain.id)).state === 'exited');
  // The engine reads the two outputs one beside the other: which of them it writes down first is chance.
  const lines = await waking.lastLines(await seen(plain.id), 4);
  expect(lines.toSorted()).toEqual(['an error', 'line 1', 'line 2', 'line 3']);
  expect(await waking.lastLines(await seen(plain.id), 2)).toEqual(lines.slice(-2));
  const id = await engine.docker('run', '-d', '-t', BUSYBOX_IMAGE, 'echo', 'from a terminal');
  await eventually(async () => (await seen(id)).state === 'exited');
  expect(await waking.lastLines(await seen(id), 5)).toEqual(['from a terminal']);
  const mute = await engine.docker('run', '-d', '--log-driver', 'none', BUSYBOX_IMAGE, 'echo', 'unheard');
  expect(await waking.lastLines(await seen(mute), 5)).toEqual([]);
});

it('reads what a container has written since it was started, and nothing of before', async () => {
  const command = ['sh', '-c', 'cat /proc/uptime; exec sleep 100'];
  const { id } = await runContainer(engine, { image: BUSYBOX_IMAGE, command });
  const [first] = await eventually(async () => nonEmpty(await waking.lastLines(await seen(id), 5)));
  await engine.docker('kill', id);
  await waking.start(await seen(id));
  const second = await eventually(async () => nonEmpty(await waking.lastLines(await seen(id), 5)));
  expect(second).not.toContain(first);
});

const nonEmpty = (lines: readonly string[]): readonly string[] | undefined => (lines.length > 0 ? lines : undefined);

it('says why a container cannot be started, without the words of the engine', async () => {
  const bad = await runContainer(engine, { image: BUSYBOX_IMAGE, command: ['/no/such/program'], start: false });
  await expect(waking.start(await seen(bad.id))).rejects.toThrow('its program cannot be started');
  const publish = { 80: `127.0.0.1:${await freePort()}` };
  const first = await runContainer(engine, { image: BUSYBOX_IMAGE, publish });
  const second = await runContainer(engine, { image: BUSYBOX_IMAGE, publish, start: false });
  await expect(waking.start(await seen(second.id))).rejects.toThrow('its port is already taken');
  await first.remove({ force: true });
  expect(await waking.look(first.id)).toBeUndefined();
  await expect(waking.start({ ...(await seen(bad.id)), id: first.id })).rejects.toThrow('it is gone');
});

it('lets a container into the network that it was taken out of, and into none that it may not make', async () => {
  const labels = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' };
  await engine.docker('network', 'create', 'shop_default');
  await engine.docker('network', 'create', 'foreign');
  const web = await runContainer(engine, { image: BUSYBOX_IMAGE, name: 'web', network: 'shop_default', labels });
  const other = await runContainer(engine, { image: BUSYBOX_IMAGE, network: 'foreign', labels });
  await engine.docker('stop', web.id, other.id);
  // As Docksal does when it stops a project.
  await engine.docker('network', 'disconnect', '-f', 'shop_default', web.id);
  await engine.docker('network', 'rm', 'shop_default', 'foreign');
  await waking.start(await seen(web.id));
  const [network] = (await seen(web.id)).networks;
  expect(network).toMatchObject({ name: 'shop_default', isJoined: true, aliases: ['web'] });
  const made = await engine.docker('network', 'inspect', 'shop_default', '--format', '{{json .Labels}}');
  expect(JSON.parse(made)).toEqual({ 'com.docker.compose.project': 'shop', 'com.docker.compose.network': 'default' });
  await expect(waking.start(await seen(other.id))).rejects.toThrow('its network is gone');
});
