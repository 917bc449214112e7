import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLog, type HealthTarget } from '@dproxy/core';
import { collectLog, eventually } from '@dproxy/testkit';
import { HealthMonitor } from './health-monitor.ts';
import { targetOf } from './_target.ts';

let status = 200;
let asked = 0;
let port = 0;
let changes = 0;
const server = createServer((_request, response) => {
  asked++;
  response.statusCode = status;
  response.end();
});

beforeEach(async () => {
  [status, asked, changes] = [200, 0, 0];
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});

afterEach(() => void server.close());

function monitorOf(more: Partial<ConstructorParameters<typeof HealthMonitor>[0]> = {}) {
  const monitor = new HealthMonitor({ log: silentLog, onChange: () => void changes++, ...more });
  return { monitor, [Symbol.dispose]: () => monitor.stop() };
}

const idOf = ({ backend }: HealthTarget): string => backend.id;

it('holds a new backend back until it has passed', async () => {
  using held = monitorOf();
  const target = targetOf(port);
  held.monitor.follow([target]);
  const before = held.monitor.verdicts.get(idOf(target));
  expect(before).toEqual({
    state: 'starting',
    reason: `its health check has not passed yet (GET /health on port ${port})`,
  });
  await eventually(() => held.monitor.verdicts.size === 0);
  expect(changes).toBe(1);
});

it('takes a backend out when it fails, with what was found, and back in when it passes', async () => {
  const log = collectLog();
  using held = monitorOf({ log });
  const target = targetOf(port);
  held.monitor.follow([target]);
  await eventually(() => held.monitor.verdicts.size === 0);
  status = 503;
  await eventually(() => held.monitor.verdicts.get(idOf(target))?.state === 'unhealthy');
  expect(held.monitor.verdicts.get(idOf(target))?.reason).toBe(
    `its health check fails (GET /health on port ${port}): status 503, expected 200-399`,
  );
  status = 200;
  await eventually(() => held.monitor.verdicts.size === 0);
  expect(changes).toBe(3);
  expect(log.entries.map(({ level }) => level)).toEqual(['info', 'warn', 'info']);
});

it('believes after a restart that a backend which served goes on serving, once', async () => {
  status = 500;
  using held = monitorOf({ wasReady: () => true });
  const target = targetOf(port, { fall: 2 });
  held.monitor.follow([target]);
  expect(held.monitor.verdicts.size).toBe(0);
  await eventually(() => held.monitor.verdicts.get(idOf(target))?.state === 'unhealthy');
  held.monitor.follow([]);
  held.monitor.follow([target]);
  expect(held.monitor.verdicts.get(idOf(target))?.state).toBe('starting');
});

it('goes on where it was when the same backends are told again, and begins anew for another address', async () => {
  using held = monitorOf();
  const target = targetOf(port);
  held.monitor.follow([target]);
  await eventually(() => held.monitor.verdicts.size === 0);
  held.monitor.follow([targetOf(port)]);
  expect(held.monitor.verdicts.size).toBe(0);
  held.monitor.follow([targetOf(port, {}, { address: '127.0.0.2' })]);
  expect(held.monitor.verdicts.get(idOf(target))?.state).toBe('starting');
});

it('needs all checks of a backend that is checked in two ways', async () => {
  using held = monitorOf();
  const target = targetOf(port);
  held.monitor.follow([target, targetOf(port, { statuses: [[404, 404]] })]);
  await eventually(() => held.monitor.verdicts.get(idOf(target))?.reason.includes('expected 404') === true);
  expect(held.monitor.verdicts.get(idOf(target))?.state).toBe('starting');
});

it('asks nobody any more who is not followed, nor anybody when it is stopped', async () => {
  const held = monitorOf();
  held.monitor.follow([targetOf(port)]);
  await eventually(() => asked > 1);
  held.monitor.follow([]);
  const before = asked;
  const other = createServer((_request, response) => response.end());
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  let rounds = 0;
  other.on('request', () => void rounds++);
  held.monitor.follow([targetOf((other.address() as AddressInfo).port)]);
  await eventually(() => rounds > 3);
  // One that was under way may still have come in.
  expect(asked).toBeLessThanOrEqual(before + 1);
  held.monitor.stop();
  other.close();
});

it('asks only so many at a time', async () => {
  let running = 0;
  let most = 0;
  const release = Promise.withResolvers<void>();
  const probe = async (): Promise<string> => {
    running++;
    most = Math.max(most, running);
    await release.promise;
    running--;
    return '';
  };
  using held = monitorOf({ probe });
  held.monitor.follow(Array.from({ length: 300 }, (_, index) => targetOf(port, {}, { id: `b${index}` })));
  await eventually(() => running === 128);
  release.resolve();
  await eventually(() => held.monitor.verdicts.size === 0);
  expect(most).toBe(128);
});
