import { expect, it } from 'vitest';
import {
  ENGINE,
  inputOf,
  sampleBackend,
  sampleContainer,
  sampleEntry,
  sampleSnapshot,
  sourceOfAll,
} from './_samples.ts';
import { buildSnapshot } from './merge.ts';
import type { RouteDefinition } from './route.ts';
import type { Snapshot } from './snapshot.ts';

const UNHEARD = new Set([ENGINE]);
const FILE = 'file:/etc/dproxy.yml';

/** After a restart, with the file read and the engine away. */
function restarted(previous: Snapshot, file: readonly RouteDefinition[] = [], unheard = UNHEARD): Snapshot {
  return buildSnapshot(inputOf([], { sources: [sourceOfAll(file, FILE)], previous, unheard })).snapshot;
}

it('leaves the routes of an engine that has not spoken, with their backends, and nothing else', () => {
  const spare = sampleBackend('docker:spare/web:80');
  const filters = [
    { type: 'errorPages', statuses: [[500, 599]], path: '/', backends: [{ backendId: spare.id, weight: 1 }] },
  ];
  const previous = sampleSnapshot([
    sampleContainer('web', ['a.test'], {
      filters: filters as unknown as RouteDefinition['filters'] & object,
      backends: [sampleBackend('docker:web/web:80'), spare],
    }),
    sampleEntry(0, ['gone.test']),
  ]);
  const now = restarted(previous, [sampleEntry(1, ['b.test'])]);
  expect([...now.routes.keys()]).toEqual(['a.test/', 'b.test/']);
  expect(now.routes.get('a.test/')).toBe(previous.routes.get('a.test/'));
  expect([...now.backends.keys()]).toEqual(['docker:spare/web:80', 'docker:web/web:80', 'file:http://127.0.0.1:3001']);
});

it('keeps them through more tables, and is the same table while nothing changes', () => {
  const previous = sampleSnapshot([sampleContainer('web', ['a.test'])]);
  expect(restarted(previous)).toBe(previous);
  const edited = restarted(previous, [sampleEntry(1, ['b.test'])]);
  expect([...restarted(edited).routes.keys()]).toEqual(['a.test/']);
});

it('what is said now goes first, also for half of a route', () => {
  const previous = sampleSnapshot([sampleContainer('web', ['a.test', 'both.test']), sampleEntry(0, ['both.test'])]);
  const now = restarted(previous, [sampleEntry(0, ['a.test', 'both.test'])]);
  for (const { origins } of now.routes.values()) expect(origins.map(({ source }) => source)).toEqual([FILE]);
});

it('ends with the first word of the engine', () => {
  const previous = sampleSnapshot([sampleContainer('web', ['a.test'])]);
  expect(restarted(previous, [], new Set()).routes.size).toBe(0);
  expect(restarted(previous, [], new Set(['docker:another'])).routes.size).toBe(0);
});
