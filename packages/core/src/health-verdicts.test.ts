import { describe, expect, it } from 'vitest';
import { ENGINE, sampleBackend, sampleContainer } from './_samples.ts';
import { READINESS_CHECK, type HealthCheck } from './health-check.ts';
import { applyHealth, healthTargets, type HealthVerdict } from './health-verdicts.ts';
import type { StreamDefinition } from './stream.ts';

const CHECK = { type: 'tcp', port: 0 } as HealthCheck;
const ready = sampleBackend('ready');
const stopped = sampleBackend('stopped', { state: 'stopped', reason: 'it does not run' });
const checked = { ...sampleContainer('app', ['app.test'], { backends: [ready, stopped] }), health: CHECK };
const plain = sampleContainer('other', ['other.test'], { backends: [sampleBackend('other')] });
const state = { source: ENGINE, definitions: [checked, plain], rejected: [] };
const UNHEALTHY: HealthVerdict = { state: 'unhealthy', reason: 'GET /health: 500' };

it('checks the ready backends of definitions that ask for it', () => {
  expect([...healthTargets([state], [])]).toEqual([{ backend: ready, check: CHECK }]);
});

it('asks no address that a container must not have, also not by the port of the check', () => {
  expect([...healthTargets([state], [`${ready.address}:80`])]).toEqual([]);
  const elsewhere = { ...checked, health: { ...CHECK, port: 16_000 } };
  const states = [{ ...state, definitions: [elsewhere] }];
  expect([...healthTargets(states, [`${ready.address}:16000`])]).toEqual([]);
  expect([...healthTargets(states, [])]).toHaveLength(1);
});

describe('readiness', () => {
  const READINESS = { backendId: 'ready', startedMs: 7 };
  const other = sampleBackend('other');

  it('is asked of the backend that a definition without a check names, with the start of its container', () => {
    const definition = { ...plain, backends: [ready, other], readiness: [READINESS] };
    expect([...healthTargets([{ ...state, definitions: [definition] }], [])]).toEqual([
      { backend: ready, check: READINESS_CHECK, startedMs: 7 },
    ]);
  });

  it('is not asked of what does not run, what a container may not have, or what has a check', () => {
    const targetsOf = (more: object, own: readonly string[] = []) => [
      ...healthTargets([{ ...state, definitions: [{ ...plain, readiness: [READINESS], ...more }] }], own),
    ];
    expect(targetsOf({ backends: [{ ...ready, state: 'stopped', address: '' }] })).toEqual([]);
    expect(targetsOf({ backends: [ready] }, [`${ready.address}:${ready.port}`])).toEqual([]);
    expect(targetsOf({ backends: [{ ...ready, address: '169.254.169.254' }] })).toEqual([]);
    expect(targetsOf({ backends: [other] })).toEqual([]);
    expect(targetsOf({ backends: [ready], health: CHECK })).toEqual([{ backend: ready, check: CHECK }]);
  });
});

it('lets a verdict take a ready backend out, and says why', () => {
  const { definitions } = applyHealth(state, new Map([['ready', UNHEALTHY]]));
  expect(definitions[0]?.backends).toEqual([{ ...ready, ...UNHEALTHY }, stopped]);
});

it('says nothing of a backend that its source calls stopped, or that has no verdict', () => {
  const { definitions } = applyHealth(state, new Map([['stopped', UNHEALTHY]]));
  expect(definitions[0]?.backends).toEqual([ready, stopped]);
  expect(definitions[1]).toBe(plain);
});

it('goes on checking what drains, and still says what it found', () => {
  const draining = sampleBackend('ready', { state: 'draining', reason: 'it was told to end' });
  const leaving = { ...state, definitions: [{ ...checked, backends: [draining] }] };
  expect([...healthTargets([leaving], [])]).toEqual([{ backend: draining, check: CHECK }]);
  const { definitions } = applyHealth(leaving, new Map([['ready', UNHEALTHY]]));
  expect(definitions[0]?.backends).toEqual([{ ...draining, ...UNHEALTHY }]);
});

it('is the state itself while there are no verdicts', () => {
  expect(applyHealth(state, new Map())).toBe(state);
});

it('checks the backends of streams that ask for it, and takes them out alike', () => {
  const raw = sampleBackend('raw', { protocol: 'tcp' });
  const database = { id: 'db', backends: [raw], health: CHECK } as unknown as StreamDefinition;
  const other = { id: 'mail', backends: [sampleBackend('mail', { protocol: 'tcp' })] } as unknown as StreamDefinition;
  const streaming = { source: ENGINE, definitions: [plain], streams: [database, other], rejected: [] };
  expect([...healthTargets([streaming], [])]).toEqual([{ backend: raw, check: CHECK }]);
  const { definitions, streams } = applyHealth(streaming, new Map([['raw', UNHEALTHY]]));
  expect(streams?.[0]).toEqual({ ...database, backends: [{ ...raw, ...UNHEALTHY }] });
  expect([definitions[0], streams?.[1]]).toEqual([plain, other]);
  expect(streams?.[1]).toBe(other);
});
