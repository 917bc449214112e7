import { expect, it } from 'vitest';
import { parsePrimaryMessage, parseTakeoverAnswer, parseWorkerMessage } from './parse.ts';
import { MalformedMessage } from './shape.ts';

const HELLO = {
  type: 'hello',
  protocol: 1,
  instance: 'i',
  pid: 7,
  pmId: -1,
  supervisorPid: 1,
  startedAtMs: 5,
  haveVersion: 0,
  haveHash: '',
};

it('takes a well-formed HELLO and leaves out what does not belong to it', () => {
  expect(parseWorkerMessage({ ...HELLO, more: true })).toEqual(HELLO);
});

it.each([
  [null, 'message: found null, expected an object'],
  [[], 'message: found a list of 0, expected an object'],
  [{}, 'message.type: found nothing, expected hello or'],
  [JSON.parse('{"__proto__":{"type":"state"}}'), 'message.type: found nothing'],
  [{ ...HELLO, pid: '7' }, 'message.pid: found a string of 1, expected an integer of at least 1'],
  [{ ...HELLO, instance: 'x'.repeat(257) }, 'message.instance: found a string of 257'],
  [{ type: 'state', state: 'dancing' }, 'message.state: found a string of 7, expected starting or'],
  [
    { type: 'ready', listeners: [{ id: 'a', addresses: [{ host: 1 }] }], failed: [] },
    'message.listeners[0].addresses[0].host',
  ],
  [{ type: 'ack', version: 1, hash: 'h', failed: [{ listenerId: 'x' }] }, 'message.failed[0].reason: found nothing'],
  [{ type: 'snapshot' }, 'message.type: found a string of 8'],
  [{ type: 'want-certificate', host: 'A.example' }, 'message.host: found no host, expected one as routes spell it'],
  [{ type: 'want-certificate', host: `${'a.'.repeat(200)}x` }, 'message.host: found a string of 401'],
  [{ type: 'wake', group: 'g'.repeat(4_097), client: '' }, 'message.group: found a string of 4097'],
  [{ type: 'wake', group: 'g', client: 'c'.repeat(65) }, 'message.client: found a string of 65'],
  [{ type: 'activity', request: 1, groups: [], isLast: 1 }, 'message.isLast: found 1, expected true or false'],
  [
    { type: 'activity', request: 1, groups: Array.from({ length: 10_001 }, () => ({})), isLast: true },
    'found a list of 10001',
  ],
  [
    { type: 'activity', request: 1, groups: [{ group: 'g', open: -1, idleMs: 0 }], isLast: true },
    'message.groups[0].open: found -1, expected an integer of at least 0',
  ],
])('refuses %j from a worker and says where', (value, message) => {
  expect(() => parseWorkerMessage(value)).toThrow(MalformedMessage);
  expect(() => parseWorkerMessage(value)).toThrow(message);
});

it('keeps counters apart from prototypes', () => {
  const stats = {
    requests: 1,
    connections: 0,
    tunnels: 0,
    held: 0,
    upstreamConnections: 0,
    ejections: 0,
    bytesIn: 0,
    bytesOut: 0,
    routes: [],
    backends: [],
    errors: JSON.parse('{"__proto__":3,"a":1}') as object,
  };
  const message = parseWorkerMessage({ type: 'stats', request: 1, stats });
  expect(message).toHaveProperty('stats.errors.a', 1);
  expect(() => parseWorkerMessage({ type: 'stats', request: 1, stats: { ...stats, errors: { a: 'x' } } })).toThrow(
    'errors',
  );
});

it('refuses tables without a body and key material without a key', () => {
  expect(() => parsePrimaryMessage({ type: 'snapshot', version: 1, hash: 'h' })).toThrow(
    'message.snapshot: found nothing',
  );
  expect(() => parsePrimaryMessage({ type: 'delta', fromVersion: 0 })).toThrow('message.fromVersion: found 0');
  expect(() => parsePrimaryMessage({ type: 'tls', material: [{ id: 'a', certificatePem: '' }] })).toThrow('keyPem');
  expect(() => parsePrimaryMessage({ type: 'tickets', keys: ['a', 1] })).toThrow('message.keys: found a list of 2');
  expect(() => parsePrimaryMessage({ type: 'tickets', keys: Array(9).fill('') })).toThrow('at most 8 strings');
  expect(() => parseTakeoverAnswer({ type: 'welcome' })).toThrow('expected granted or refused');
});

it.each([
  [{ state: 'dancing' }, 'message.progress.state: found a string of 7, expected waking or'],
  [
    { steps: Array.from({ length: 33 }, () => ({ name: 'web', state: 'ready' })) },
    'message.progress.steps: found a list of 33',
  ],
  [{ steps: [{ name: 'web', state: 'gone' }] }, 'message.progress.steps[0].state'],
  [{ log: ['x'.repeat(201)] }, 'message.progress.log: found a list of 1, expected a list of at most 20 strings'],
  [{ retryAfterS: 0.5 }, 'message.progress.retryAfterS: found 0.5'],
])('refuses progress with %j from a primary and says where', (part, message) => {
  const progress = { group: 'g', state: 'waking', message: '', retryAfterS: 0, steps: [], log: [], ...part };
  expect(() => parsePrimaryMessage({ type: 'waking', progress })).toThrow(message);
});
