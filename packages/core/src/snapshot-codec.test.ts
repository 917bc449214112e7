import { describe, expect, it } from 'vitest';
import { inputOf, sampleContainer, sampleEntry, SETTINGS } from './_samples.ts';
import { buildSnapshot } from './merge.ts';
import { decodeDelta, decodeSnapshot, encodeSnapshot, SnapshotMalformed } from './snapshot-codec.ts';
import { diffSnapshots } from './snapshot-delta.ts';

const full = buildSnapshot(
  inputOf(
    [
      sampleContainer('web', ['a.test', '*.a.test'], {
        listeners: ['https'],
        plugins: [{ module: 'auth', options: {} }],
      }),
      sampleEntry(1, ['b.test'], { action: { type: 'redirect', status: 308, location: 'https://a.test/' } }),
      sampleEntry(2, ['c.test'], { action: { type: 'respond', status: 200, body: 'hello', headers: [['x-a', 'b']] } }),
    ],
    {
      listeners: [
        {
          id: 'http',
          protocol: 'http',
          addresses: [{ host: '::', port: 80 }],
          publicPort: 80,
          proxyProtocol: ['10.0.0.0/8'],
        },
      ],
      certificates: [{ id: 'ff', names: ['a.test'], kind: 'file' }],
      pages: [{ id: '503.html', content: '<p>\u2028 ü' }],
    },
  ),
).snapshot;

/** As another process gets it, with a change. */
function received(change: (encoded: Record<string, unknown>) => void = () => {}): unknown {
  const encoded = JSON.parse(JSON.stringify(encodeSnapshot(full))) as Record<string, unknown>;
  change(encoded);
  return encoded;
}

describe('a Snapshot between processes', () => {
  it('arrives as it was sent', () => {
    expect(decodeSnapshot(received())).toEqual(full);
  });

  it.each<[string, (encoded: Record<string, unknown>) => void]>([
    ['snapshot.version: found 0, expected an integer from 1', (s) => Object.assign(s, { version: 0 })],
    ['snapshot.hash: found "x", expected 32 hexadecimal digits', (s) => Object.assign(s, { hash: 'x' })],
    ['snapshot.routes: found {}, expected a list', (s) => Object.assign(s, { routes: {} })],
    ['snapshot.pages: found nothing, expected a value', (s) => delete s['pages']],
    ['snapshot: found "extra", expected only the keys', (s) => Object.assign(s, { extra: 1 })],
    [
      'snapshot.pages[0].content: found null, expected a string',
      (s) => Object.assign(s, { pages: [{ id: 'x', content: null }] }),
    ],
    [
      'snapshot.pages: found an id twice',
      (s) =>
        Object.assign(s, {
          pages: [
            { id: 'x', content: '' },
            { id: 'x', content: '' },
          ],
        }),
    ],
    [
      'snapshot.settings.limits.headMs: found "10s", expected an integer',
      (s) => Object.assign(s, { settings: { ...SETTINGS, limits: { ...SETTINGS.limits, headMs: '10s' } } }),
    ],
    ['snapshot: found content with hash', (s) => Object.assign(s, { pages: [] })],
  ])('is refused: %s', (message, change) => {
    expect(() => decodeSnapshot(received(change))).toThrow(message);
    expect(() => decodeSnapshot(received(change))).toThrow(SnapshotMalformed);
  });

  it.each([
    [{ type: 'exec' }, 'action.type: found "exec", expected one of forward, respond, redirect'],
    [{ type: '__proto__' }, 'expected one of forward, respond, redirect'],
    [{ type: 'redirect', status: 200, location: '/' }, 'action.status: found 200, expected one of 301, 302'],
    [
      { type: 'forward', backends: [{ backendId: 'x', weight: 1_001 }] },
      'weight: found 1001, expected an integer from 0 to 1000',
    ],
    [{ type: 'respond', status: 200, body: '', headers: [['x']] }, 'headers[0]: found ["x"], expected a list of 2'],
  ])('is refused with the action %j', (action, message) => {
    const change = (encoded: Record<string, unknown>): void => {
      encoded['routes'] = (encoded['routes'] as object[]).map((route) => ({ ...route, action }));
    };
    expect(() => decodeSnapshot(received(change))).toThrow(message);
  });

  it.each([undefined, null, 1, 'x', [], {}])('is not %j', (value) => {
    expect(() => decodeSnapshot(value)).toThrow(SnapshotMalformed);
    expect(() => decodeDelta(value)).toThrow(SnapshotMalformed);
  });
});

it('a delta arrives as it was sent, and not with a table that nobody knows', () => {
  const delta = diffSnapshots(full, buildSnapshot(inputOf([], { previous: full })).snapshot);
  expect(decodeDelta(JSON.parse(JSON.stringify(delta)))).toEqual(delta);
  expect(() => decodeDelta({ ...delta, tables: { secrets: { set: [], remove: [] } } })).toThrow(
    'delta.tables: found "secrets"',
  );
});
