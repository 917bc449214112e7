import { expect, it } from 'vitest';
import { ENGINE, inputOf, sampleBackend, sampleContainer } from './_samples.ts';
import { applySleep, type Coming, type ComingState } from './apply-sleep.ts';
import { mayBeConnected, type BackendState } from './backend.ts';
import { buildSnapshot } from './merge.ts';
import type { StreamDefinition } from './stream.ts';

const web = sampleBackend('web');
const app = sampleContainer('web', ['web.test'], { backends: [web] });
const other = sampleContainer('other', ['other.test'], { backends: [sampleBackend('other')] });
const state = { source: ENGINE, definitions: [app, other], rejected: [] };

function containers(...coming: readonly (readonly [string, ComingState])[]): Coming {
  return { containers: new Map(coming), groups: new Map() };
}

it('takes the backends of a container out of the table before it sleeps, and leaves the others alone', () => {
  const { definitions } = applySleep(state, containers(['web-container', 'stopped']));
  expect(definitions[0]?.backends).toEqual([
    { ...web, state: 'stopped', reason: 'it is being put to sleep: a request starts it again' },
  ]);
  expect(definitions[1]).toBe(other);
});

it.each(['ready', 'draining', 'starting', 'unhealthy', 'paused', 'stopped', 'unreachable'] as const)(
  'lets nobody connect to one that its source calls %s',
  (found: BackendState) => {
    const backend = sampleBackend('web', { state: found, reason: 'as the engine says' });
    const one = { ...state, definitions: [{ ...app, backends: [backend] }] };
    const [settled] = applySleep(one, containers(['web-container', 'paused'])).definitions[0]?.backends ?? [];
    expect(settled === undefined || mayBeConnected(settled)).toBe(false);
    const isKept = found === 'paused' || found === 'stopped' || found === 'unreachable';
    expect(settled?.reason === 'as the engine says').toBe(isKept);
  },
);

it('takes them out of streams alike', () => {
  const raw = sampleBackend('raw', { protocol: 'tcp' });
  const database = { id: 'db', backends: [raw] } as unknown as StreamDefinition;
  const mail = { id: 'mail', backends: [sampleBackend('mail', { protocol: 'tcp' })] } as unknown as StreamDefinition;
  const { definitions, streams } = applySleep(
    { ...state, streams: [database, mail] },
    containers(['raw-container', 'stopped']),
  );
  expect(streams?.[0]?.backends[0]?.state).toBe('stopped');
  expect([definitions[0], definitions[1], streams?.[1]]).toEqual([app, other, mail]);
  expect(streams?.[1]).toBe(mail);
});

it('is the state itself while nobody is put to sleep', () => {
  expect(applySleep(state, containers())).toBe(state);
});

it('keeps the route, its backends and its address: taking it back is the table from before', () => {
  const before = buildSnapshot(inputOf([app, other])).snapshot;
  const asleep = applySleep(state, containers(['web-container', 'stopped']));
  const during = buildSnapshot(inputOf(asleep.definitions, { previous: before })).snapshot;
  const after = buildSnapshot(inputOf([app, other], { previous: during })).snapshot;
  expect(during.routes).toBe(before.routes);
  expect(during.backends.get('web')).toMatchObject({ state: 'stopped', address: web.address });
  expect(after.hash).toBe(before.hash);
});
