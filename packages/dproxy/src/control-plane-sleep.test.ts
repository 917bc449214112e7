import { LocalAuthority } from '@dproxy/certs';
import { silentLog, type Backend, type Snapshot } from '@dproxy/core';
import { snapshotOf, tempFolder } from '@dproxy/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { FRAME } from './_frame.ts';
import { ControlPlane } from './control-plane.ts';

const SOURCE = 'docker:test';
const to = { id: 'web', port: 80, containerId: 'web-id' };

async function openPlane(): Promise<{ plane: ControlPlane; published: Snapshot[] }> {
  const folder = await tempFolder();
  onTestFinished(() => folder.remove());
  const published: Snapshot[] = [];
  const plane = new ControlPlane({
    log: silentLog,
    authority: await LocalAuthority.open({ directory: folder.path, log: silentLog, now: Date.now }),
    nowMs: Date.now,
    previous: undefined,
    ledger: new Map(),
    publish: (snapshot) => published.push(snapshot),
    saveLedger: () => {},
  });
  onTestFinished(() => plane.close());
  plane.setFrame(FRAME);
  say(plane, 'ready');
  await plane.open();
  return { plane, published };
}

function say(plane: ControlPlane, state: Backend['state']): void {
  const { routes, backends } = snapshotOf({ routes: [{ host: 'web.test', to: { ...to, state } }] });
  const definitions = [...routes.values()].map((route) => ({
    ...route,
    hosts: [route.host],
    origin: { source: SOURCE, name: 'web', line: 0, project: '' },
    backends: [...backends.values()],
    sinceMs: 1,
  }));
  plane.setSource({ source: SOURCE, definitions, rejected: [] });
}

test('what is about to sleep is out of the table of which the version is told', async () => {
  const { plane, published } = await openPlane();
  const version = await plane.setComing(new Map([['web-id', 'stopped']]));
  expect(published.at(-1)).toMatchObject({ version });
  expect(published.at(-1)?.backends.get('web')?.state).toBe('stopped');
  const back = await plane.setComing(new Map());
  expect(back).toBe(version + 1);
  expect(published.at(-1)?.backends.get('web')?.state).toBe('ready');
});

test('it goes from one to the other in one table when the engine tells of the end', async () => {
  const { plane, published } = await openPlane();
  await plane.setComing(new Map([['web-id', 'stopped']]));
  const before = published.length;
  say(plane, 'stopped');
  await plane.setComing(new Map());
  const states = published.slice(before).map(({ backends }) => backends.get('web')?.state);
  expect(new Set(states)).toEqual(new Set(['stopped']));
});

test('a plane that is closed promises no table', async () => {
  const { plane, published } = await openPlane();
  const before = published.length;
  await plane.close();
  expect(await plane.setComing(new Map([['web-id', 'stopped']]))).toBe(Number.POSITIVE_INFINITY);
  expect(published).toHaveLength(before);
});
