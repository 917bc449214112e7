import { expect, it } from 'vitest';
import { Origin } from './origin.ts';
import { snapshotOf } from './snapshot-of.ts';

it('makes the least Snapshot that routes hosts to origins', async () => {
  await using origin = await Origin.start();
  const snapshot = snapshotOf({ routes: { 'a.test': origin }, pages: { '404.html': 'x' }, limits: { headMs: 5 } });
  expect(snapshot.routes.get('a.test/')).toMatchObject({ host: 'a.test', path: '/', audience: 'everyone' });
  expect([...snapshot.backends.values()]).toMatchObject([{ address: '127.0.0.1', port: origin.port, state: 'ready' }]);
  expect(snapshot.listeners.get('http')?.addresses).toEqual([{ host: '127.0.0.1', port: 0 }]);
  expect(snapshot.settings.limits).toMatchObject({ headMs: 5, headBytes: 32_768 });
  expect(snapshot.hash).not.toBe(snapshotOf({ routes: { 'b.test': origin } }).hash);
});
