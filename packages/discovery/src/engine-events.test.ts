import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { readEvent, readEvents, type EngineEvent } from './engine-events.ts';

const line = (type: string, action: string, actor: object): string =>
  JSON.stringify({ Type: type, Action: action, Actor: actor });

async function eventsOf(chunks: Iterable<string | Buffer>): Promise<EngineEvent[]> {
  const events: EngineEvent[] = [];
  for await (const event of readEvents(Readable.from([...chunks].map((chunk) => Buffer.from(chunk)))))
    events.push(event);
  return events;
}

test.each(['create', 'start', 'die', 'stop', 'pause', 'unpause', 'rename', 'update', 'health_status: healthy'])(
  'a container event %s says to look at that container',
  (action) => {
    expect(readEvent(line('container', action, { ID: 'abc' }))).toEqual({ type: 'container', id: 'abc' });
  },
);

test('destroy removes, and a network event names the container or asks for the networks', () => {
  expect(readEvent(line('container', 'destroy', { ID: 'abc' }))).toEqual({ type: 'removed', id: 'abc' });
  const connect = line('network', 'connect', { ID: 'net', Attributes: { container: 'abc' } });
  expect(readEvent(connect)).toEqual({ type: 'container', id: 'abc' });
  expect(readEvent(line('network', 'create', { ID: 'net' }))).toEqual({ type: 'networks' });
});

describe('a kill', () => {
  const kill = (attributes: object, more: object = { time: 1_700_000_000, timeNano: 1_700_000_000_124_000_000 }) =>
    readEvent(
      JSON.stringify({ Type: 'container', Action: 'kill', Actor: { ID: 'abc', Attributes: attributes }, ...more }),
    );

  test.each([
    ['15', 15],
    ['9', 9],
    ['SIGHUP', 1],
    ['SIGRTMIN+3', 37],
  ])('by %s says which signal, and when', (signal, number) => {
    expect(kill({ signal, image: 'x' })).toEqual({
      type: 'killed',
      id: 'abc',
      signal: number,
      atMs: 1_700_000_000_124,
    });
  });

  test('of an engine that tells seconds only was at the end of its second', () => {
    expect(kill({ signal: '15' }, { time: 1_700_000_000 })).toMatchObject({ atMs: 1_700_000_000_999 });
  });

  test.each([{}, { signal: 'SIGNOTHING' }, { signal: '0' }, { signal: '' }])(
    'with %j names no signal',
    (attributes) => {
      expect(kill(attributes)).toMatchObject({ type: 'killed', id: 'abc', signal: 0 });
    },
  );

  test('that does not say when is passed over', () => {
    expect(kill({ signal: '15' }, {})).toBeUndefined();
    expect(readEvent(line('container', 'kill', { Attributes: { signal: '15' } }))).toMatchObject({
      type: 'unreadable',
    });
  });
});

test('the end of a program says when it was, and is looked at where it does not', () => {
  const die = { Type: 'container', Action: 'die', Actor: { ID: 'abc', Attributes: { exitCode: '0' } } };
  const read = (more: object) => readEvent(JSON.stringify({ ...die, ...more }));
  expect(read({ timeNano: 1_700_000_000_124_000_000 })).toEqual({ type: 'died', id: 'abc', atMs: 1_700_000_000_124 });
  expect(read({ time: 1_700_000_000 })).toEqual({ type: 'died', id: 'abc', atMs: 1_700_000_000_999 });
  expect(read({})).toEqual({ type: 'container', id: 'abc' });
  expect(read({ Actor: {} })).toMatchObject({ type: 'unreadable' });
});

test('events that change nothing for a proxy are passed over', () => {
  expect(readEvent(line('container', 'exec_start: sh', { ID: 'abc' }))).toBeUndefined();
  expect(readEvent(line('volume', 'mount', { ID: 'abc' }))).toBeUndefined();
  expect(readEvent('  ')).toBeUndefined();
});

test.each([
  '{"Type": ',
  'null',
  '[]',
  '{}',
  line('container', 'start', {}),
  line('network', 'connect', { Attributes: {} }),
])('a malformed event %s is unreadable and nothing worse', (malformed) => {
  expect(readEvent(malformed)).toMatchObject({ type: 'unreadable' });
});

test('lines may be cut anywhere, even inside a character, and the last may have no end yet', async () => {
  const bytes = Buffer.from(
    `${line('container', 'start', { ID: 'ä' })}\n\n${line('container', 'die', { ID: 'b' })}\n{"half`,
  );
  const single = Array.from(bytes, (byte) => Buffer.of(byte));
  expect(await eventsOf(single)).toEqual([
    { type: 'container', id: 'ä' },
    { type: 'container', id: 'b' },
  ]);
});

test('a line of many megabytes is not kept, and the next one is read', async () => {
  const huge = Array.from({ length: 40 }, () => 'x'.repeat(100_000));
  const events = await eventsOf([...huge, `\n${line('container', 'start', { ID: 'next' })}\n`]);
  expect(events).toEqual([
    { type: 'unreadable', reason: 'an event of 4000000 bytes' },
    { type: 'container', id: 'next' },
  ]);
});
