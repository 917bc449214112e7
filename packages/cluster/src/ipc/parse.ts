import {
  canonicalHost,
  type CertificateMaterial,
  type GroupActivity,
  type SpentTokens,
  type Traffic,
  type WakeProgress,
  type WorkerStats,
} from '@dproxy/core';
import type { PrimaryMessage, TakeoverAnswer, TakeoverMessage, WorkerMessage } from './messages.ts';
import { MalformedMessage, Shape } from './shape.ts';

const WORKER_STATES = ['starting', 'online', 'draining', 'stopped', 'errored'] as const;
const PEM_BYTES = 1024 * 1024;
/** What one worker has let through in a tenth of a second. */
const MAX_LIMITS = 1_024;
const MAX_KEYS = 1_024;
const MAX_KEY_LENGTH = 64;
const MAX_ROUTE_ID = 65_536;
const MAX_TICKET_KEYS = 8;
const MAX_TRAFFIC = 1_000;
/** An address, or what stands for one. */
const MAX_CLIENT_LENGTH = 64;
const MAX_GROUP_ID = 4_096;
const MAX_GROUPS = 10_000;
const MAX_STEPS = 32;
const MAX_LOG_LINES = 20;
const MAX_LOG_LINE = 200;
const WAKE_STATES = ['waking', 'awake', 'failed', 'refused'] as const;
const STEP_STATES = ['waiting', 'starting', 'running', 'ready', 'failed'] as const;
/** 48 bytes in base64. */
const TICKET_KEY_LENGTH = 64;

/**
 * Checks what a worker (which faces the internet and may have been taken over) says to the primary.
 * @throws MalformedMessage
 */
export function parseWorkerMessage(value: unknown): WorkerMessage | TakeoverMessage {
  const shape = new Shape(value, 'message');
  const type = shape.oneOf('type', [
    'hello',
    'ready',
    'ack',
    'resync',
    'state',
    'stats',
    'want-certificate',
    'wake',
    'activity',
    'spent',
    'takeover',
  ] as const);
  switch (type) {
    case 'hello':
      return {
        type,
        protocol: shape.integer('protocol'),
        instance: shape.string('instance', 256),
        pid: shape.integer('pid', 1),
        pmId: shape.integer('pmId', -1),
        supervisorPid: shape.integer('supervisorPid'),
        startedAtMs: shape.integer('startedAtMs'),
        haveVersion: shape.integer('haveVersion'),
        haveHash: shape.string('haveHash', 256),
      };
    case 'ready':
      return { type, listeners: shape.list('listeners', listenerOf), failed: shape.list('failed', failedOf) };
    case 'ack':
      return {
        type,
        version: shape.integer('version'),
        hash: shape.string('hash', 256),
        failed: shape.list('failed', failedOf),
      };
    case 'resync':
      return { type, reason: shape.string('reason') };
    case 'state':
      return { type, state: shape.oneOf('state', WORKER_STATES) };
    case 'stats':
      return { type, request: shape.integer('request'), stats: statsOf(shape.object('stats')) };
    case 'want-certificate':
      return { type, host: hostOf(shape) };
    case 'wake':
      return { type, group: shape.string('group', MAX_GROUP_ID), client: shape.string('client', MAX_CLIENT_LENGTH) };
    case 'activity':
      return {
        type,
        request: shape.integer('request'),
        groups: shape.list('groups', activityOf, MAX_GROUPS),
        isLast: shape.boolean('isLast'),
      };
    case 'spent':
      return { type, spent: shape.list('spent', spentOf, MAX_LIMITS) };
    case 'takeover':
      return { type, instance: shape.string('instance', 256), pid: shape.integer('pid', 1) };
    default:
      return type satisfies never;
  }
}

/** @throws MalformedMessage */
export function parsePrimaryMessage(value: unknown): PrimaryMessage {
  const shape = new Shape(value, 'message');
  const type = shape.oneOf('type', [
    'welcome',
    'refused',
    'snapshot',
    'delta',
    'tls',
    'tickets',
    'no-certificate',
    'drain',
    'index',
    'stats',
    'waking',
    'activity',
    'spent',
  ] as const);
  switch (type) {
    case 'welcome':
      return {
        type,
        instance: shape.string('instance', 256),
        index: shape.integer('index'),
        count: shape.integer('count'),
      };
    case 'refused':
      return { type, reason: shape.string('reason') };
    case 'snapshot':
      return {
        type,
        version: shape.integer('version', 1),
        hash: shape.string('hash', 256),
        snapshot: body(shape, 'snapshot'),
      };
    case 'delta':
      return {
        type,
        fromVersion: shape.integer('fromVersion', 1),
        fromHash: shape.string('fromHash', 256),
        version: shape.integer('version', 1),
        hash: shape.string('hash', 256),
        delta: body(shape, 'delta'),
      };
    case 'tls':
      return { type, material: shape.list('material', materialOf) };
    case 'tickets':
      return { type, keys: shape.strings('keys', { maxItems: MAX_TICKET_KEYS, maxLength: TICKET_KEY_LENGTH }) };
    case 'no-certificate':
      return { type, host: hostOf(shape) };
    case 'drain':
      return { type, deadlineMs: shape.integer('deadlineMs') };
    case 'index':
      return { type, index: shape.integer('index'), count: shape.integer('count') };
    case 'stats':
    case 'activity':
      return { type, request: shape.integer('request') };
    case 'waking':
      return { type, progress: progressOf(shape.object('progress')) };
    case 'spent':
      return { type, spent: shape.list('spent', spentOf, MAX_LIMITS) };
    default:
      return type satisfies never;
  }
}

/** @throws MalformedMessage */
export function parseTakeoverAnswer(value: unknown): TakeoverAnswer {
  const shape = new Shape(value, 'answer');
  const type = shape.oneOf('type', ['granted', 'refused'] as const);
  return type === 'granted' ? { type } : { type, reason: shape.string('reason') };
}

/** The table itself is checked by core's codec, which knows its shape. */
function body(shape: Shape, key: string): unknown {
  const value = shape.unknown(key);
  if (value === undefined) throw new MalformedMessage(`message.${key}: found nothing, expected a table`);
  return value;
}

function listenerOf(item: Shape): { id: string; addresses: { host: string; port: number }[] } {
  return {
    id: item.string('id'),
    addresses: item.list('addresses', (address) => ({ host: address.string('host'), port: address.integer('port') })),
  };
}

function failedOf(item: Shape): { listenerId: string; reason: string } {
  return { listenerId: item.string('listenerId'), reason: item.string('reason', 16_384) };
}

function spentOf(item: Shape): SpentTokens {
  const keys = item.strings('keys', { maxItems: MAX_KEYS, maxLength: MAX_KEY_LENGTH });
  return {
    routeId: item.string('routeId', MAX_ROUTE_ID),
    place: item.integer('place'),
    keys,
    times: item.numbers('times', keys.length),
  };
}

function activityOf(item: Shape): GroupActivity {
  return {
    group: item.string('group', MAX_GROUP_ID),
    open: item.integer('open'),
    idleMs: item.integer('idleMs'),
  };
}

function progressOf(item: Shape): WakeProgress {
  const isForOne = item.unknown('client') !== undefined;
  return {
    group: item.string('group', MAX_GROUP_ID),
    state: item.oneOf('state', WAKE_STATES),
    ...(isForOne ? { client: item.string('client', MAX_CLIENT_LENGTH) } : {}),
    message: item.string('message'),
    retryAfterS: item.integer('retryAfterS'),
    steps: item.list(
      'steps',
      (step) => ({ name: step.string('name'), state: step.oneOf('state', STEP_STATES) }),
      MAX_STEPS,
    ),
    log: item.strings('log', { maxItems: MAX_LOG_LINES, maxLength: MAX_LOG_LINE }),
  };
}

/** It becomes the name of an order: nothing but what routes may be called by. */
function hostOf(shape: Shape): string {
  const host = shape.string('host', 253);
  if (canonicalHost(host) !== host)
    throw new MalformedMessage('message.host: found no host, expected one as routes spell it');
  return host;
}

function materialOf(item: Shape): CertificateMaterial {
  return {
    id: item.string('id', 256),
    certificatePem: item.string('certificatePem', PEM_BYTES),
    keyPem: item.string('keyPem', PEM_BYTES),
  };
}

function statsOf(item: Shape): WorkerStats {
  return {
    requests: item.number('requests'),
    connections: item.number('connections'),
    tunnels: item.number('tunnels'),
    held: item.number('held'),
    upstreamConnections: item.number('upstreamConnections'),
    ejections: item.number('ejections'),
    errors: item.counters('errors'),
    bytesIn: item.number('bytesIn'),
    bytesOut: item.number('bytesOut'),
    routes: item.list('routes', trafficOf, MAX_TRAFFIC),
    backends: item.list('backends', trafficOf, MAX_TRAFFIC),
  };
}

function trafficOf(item: Shape): Traffic {
  const [one = 0, two = 0, three = 0, four = 0, five = 0] = item.numbers('statuses', 5);
  return {
    id: item.string('id', 8_192),
    active: item.number('active'),
    requests: item.number('requests'),
    statuses: [one, two, three, four, five],
    errors: item.number('errors'),
    bytesIn: item.number('bytesIn'),
    bytesOut: item.number('bytesOut'),
    totalMs: item.number('totalMs'),
  };
}
