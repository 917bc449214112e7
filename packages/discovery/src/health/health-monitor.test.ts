import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { READINESS_CHECK, silentLog, type Backend, type HealthTarget } from '@dproxy/core';
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

describe('readiness', () => {
  const REFUSED = 'the connection is refused';

  /** A program that may listen or not, and how often it was asked. */
  function program() {
    const asked: string[] = [];
    const found = { finding: REFUSED };
    const probe = (): Promise<string> => {
      asked.push(found.finding);
      return Promise.resolve(found.finding);
    };
    return { asked, found, probe };
  }

  const targetFrom = (startedMs: number, backend: Partial<Backend> = {}): HealthTarget => ({
    ...targetOf(80, READINESS_CHECK, { containerId: 'c', ...backend }),
    startedMs,
  });

  it('holds a backend back until it listens, says why, and asks no more', async () => {
    const { asked, found, probe } = program();
    using held = monitorOf({ probe });
    const target = targetFrom(1);
    held.monitor.follow([target]);
    const verdict = () => held.monitor.verdicts.get(idOf(target));
    expect(verdict()).toEqual({ state: 'starting', reason: 'whether it listens on port 80 is being asked' });
    await eventually(() => changes === 1);
    expect(verdict()).toEqual({
      state: 'starting',
      reason: 'it does not listen on port 80 yet: the connection is refused',
    });
    await eventually(() => asked.length > 2);
    found.finding = '';
    await eventually(() => verdict() === undefined);
    expect(changes).toBe(2);
    const count = asked.length;
    held.monitor.follow([target]);
    found.finding = REFUSED;
    held.monitor.follow([target, targetFrom(1, { id: 'other' })]);
    await eventually(() => asked.length > count + 2);
    expect(verdict()).toBeUndefined();
    expect(asked.filter((finding) => finding === '')).toHaveLength(1);
  });

  it('does not ask before its time has come, and keeps nobody waiting for that', async () => {
    const { asked, found, probe } = program();
    found.finding = '';
    using held = monitorOf({ probe });
    const patient = { ...targetFrom(Date.now()), afterMs: 60_000 };
    const aheadOfUs = { ...targetFrom(Date.now() + 3_600_000, { id: 'ahead' }), afterMs: 1 };
    const longUp = { ...targetFrom(Date.now() - 60_000, { id: 'up' }), afterMs: 60_000 };
    held.monitor.follow([patient, aheadOfUs, longUp]);
    await held.monitor.whenAsked();
    await eventually(() => held.monitor.verdicts.size === 1);
    expect(asked).toHaveLength(2);
    expect(held.monitor.verdicts.get(idOf(patient))).toEqual({
      state: 'starting',
      reason: 'it takes no requests within 60 s of its start: wake.readyAfter',
    });
  });

  it('asks anew after another start, at another address, and when it goes on after it was told to end', async () => {
    const { asked, found, probe } = program();
    found.finding = '';
    using held = monitorOf({ probe });
    for (const [index, target] of [targetFrom(1), targetFrom(2), targetFrom(2, { address: '127.0.0.2' })].entries()) {
      held.monitor.follow([target]);
      expect(held.monitor.verdicts.get(idOf(target))?.state).toBe('starting');
      await eventually(() => held.monitor.verdicts.size === 0);
      expect(asked).toHaveLength(index + 1);
    }
    const last = targetFrom(2, { address: '127.0.0.2' });
    held.monitor.follow([{ ...last, backend: { ...last.backend, state: 'draining' } }]);
    expect(held.monitor.verdicts.size).toBe(0);
    held.monitor.follow([last]);
    expect(held.monitor.verdicts.size).toBe(1);
    await eventually(() => held.monitor.verdicts.size === 0);
    expect(asked).toHaveLength(4);
  });

  it('does not take being told to end for being ready', async () => {
    const { asked, probe } = program();
    using held = monitorOf({ probe });
    const target = targetFrom(1);
    held.monitor.follow([target]);
    held.monitor.follow([{ ...target, backend: { ...target.backend, state: 'draining' } }]);
    await eventually(() => asked.length > 2);
    expect(held.monitor.verdicts.get(idOf(target))?.state).toBe('starting');
  });

  it('never asks who served before a restart of the primary', async () => {
    const { asked, probe } = program();
    using held = monitorOf({ probe, wasReady: ({ id }) => id !== 'new' });
    held.monitor.follow([targetFrom(1), targetFrom(1, { id: 'new' })]);
    expect([...held.monitor.verdicts.keys()]).toEqual(['new']);
    await eventually(() => asked.length > 2);
    expect([...held.monitor.verdicts.keys()]).toEqual(['new']);
  });

  it('makes no noise in the log about a program that needs a moment', async () => {
    const log = collectLog();
    let count = 0;
    const probe = (): Promise<string> => Promise.resolve(++count > 2 ? '' : REFUSED);
    using held = monitorOf({ probe, log });
    held.monitor.follow([targetFrom(1)]);
    await eventually(() => held.monitor.verdicts.size === 0);
    expect(log.entries.map(({ level }) => level)).toEqual(['debug']);
  });

  it('tells together what was found of many', async () => {
    using held = monitorOf({ probe: () => Promise.resolve('') });
    held.monitor.follow(Array.from({ length: 2_000 }, (_, index) => targetFrom(1, { id: `b${index}` })));
    await held.monitor.whenAsked();
    await eventually(() => held.monitor.verdicts.size === 0);
    expect(changes).toBeLessThan(10);
  });

  it('knows when everybody has been asked', async () => {
    const release = Promise.withResolvers<string>();
    using held = monitorOf({ probe: ({ backend }) => (backend.id === 'slow' ? release.promise : Promise.resolve('')) });
    await held.monitor.whenAsked();
    held.monitor.follow([targetFrom(1), targetFrom(1, { id: 'slow' })]);
    let isAsked = false;
    const asked = held.monitor.whenAsked().then(() => (isAsked = true));
    await eventually(() => changes === 1);
    expect(isAsked).toBe(false);
    held.monitor.follow([targetFrom(1)]);
    await asked;
    expect(isAsked).toBe(true);
  });
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
