import { connect } from 'node:net';
import { type Backend, buildSnapshot, DEFAULT_HTTPS, type RouteDefinition } from '@dproxy/core';
import { collectLog, freePort, get, listenerOf, streamOf, Origin, snapshotOf } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { startEdge } from './edge.ts';

/** Addresses that hand out credentials, or lead back to this machine, in every spelling that a resolver would take. */
const FORBIDDEN = [
  '169.254.169.254',
  '169.254.170.2',
  '169.254.0.1',
  '::ffff:169.254.169.254',
  '::ffff:a9fe:a9fe',
  '0:0:0:0:0:ffff:169.254.169.254',
  '::FFFF:A9FE:A9FE',
  '::a9fe:a9fe',
  '64:ff9b::169.254.169.254',
  '64:ff9b::a9fe:a9fe',
  'fe80::1',
  'fe80::1%eth0',
  'FE80::a',
  'febf::1',
  'fd00:ec2::254',
  'fd00:0ec2:0:0:0:0:0:254',
  '100.100.100.200',
  '168.63.129.16',
  '0.0.0.0',
  '0.1.2.3',
  '::',
  '::ffff:0.0.0.0',
  '224.0.0.1',
  'ff02::1',
  '255.255.255.255',
];
/** Ways to write this machine where only loopback listens. */
const LOOPBACK = ['127.0.0.1', '127.1.2.3', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', '::ffff:7f00:1'];

/** Where dproxy listens, and by which of those it would be reached. */
const OWN: readonly (readonly [own: string, addresses: readonly string[]])[] = [
  ['127.0.0.1', ['127.0.0.1', '::ffff:127.0.0.1', '::ffff:7f00:1']],
  ['[::1]', ['::1', '0:0:0:0:0:0:0:1']],
  ['0.0.0.0', LOOPBACK],
  ['[::]', LOOPBACK],
];

function backend(address: string, port: number, containerId = 'c0ffee'): Backend {
  return {
    id: `docker:c0ffee/web:${port}`,
    name: 'web',
    protocol: 'http',
    address,
    port,
    state: 'ready',
    reason: '',
    tlsVerify: true,
    proxyProtocol: '',
    containerId,
  };
}

function definition(of: Backend): RouteDefinition {
  return {
    id: 'web',
    origin: { source: 'docker:unix:///engine', name: 'web', line: 0, project: '' },
    hosts: ['a.example'],
    path: '/',
    audience: 'everyone',
    headers: { requestSet: [], requestRemove: [], responseSet: [], responseRemove: [] },
    timeouts: { connectMs: 0, responseMs: 0, idleMs: 0 },
    plugins: [],
    listeners: [],
    https: DEFAULT_HTTPS,
    action: { type: 'forward', backends: [{ backendId: of.id, weight: 1 }] },
    backends: [of],
    sinceMs: 1,
  };
}

function merge(of: Backend, ownAddresses: readonly string[] = []) {
  return buildSnapshot({
    sources: [{ source: 'docker:unix:///engine', definitions: [definition(of)], rejected: [] }],
    listeners: [listenerOf()],
    settings: { ...snapshotOf().settings, ownAddresses },
    certificates: [],
    pages: [],
  });
}

/** Resolves when the other side has closed a connection, at whatever moment, without a byte. */
function untilClosed(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => reject(new Error(`got ${bytes.toString('latin1')}`)));
    socket.on('close', () => resolve());
  });
}

describe('row 44: the address of a container (SSRF by label)', () => {
  it.each(FORBIDDEN)('%s is refused by the primary, with a reason, and nobody is asked', async (address) => {
    const { snapshot, rejected } = merge(backend(address, 80));
    expect(rejected).toHaveLength(1);
    expect(rejected[0]?.message).toContain(`${address}:80`);
    expect([...snapshot.backends.values(), ...snapshot.routes.values()]).toEqual([]);
    await using edge = await startEdge({ routes: [] });
    await edge.apply(snapshot);
    expect((await get({ port: edge.port(), name: 'a.example' })).status).toBe(404);
    expect(edge.plane.stats().upstreamConnections).toBe(0);
  });

  it.each(FORBIDDEN)('%s is refused by a worker, too, whatever it was told', async (address) => {
    const log = collectLog();
    await using edge = await startEdge({
      log,
      routes: [{ host: 'a.example', to: { ...backend(address, 80) } }],
      listeners: [listenerOf(), listenerOf({ id: 'tcp:1', protocol: 'tcp' })],
      streams: [streamOf({ backendIds: ['docker:c0ffee/web:80'] })],
    });
    expect((await get({ port: edge.port(), name: 'a.example' })).status).toBe(503);
    await untilClosed(edge.port('tcp:1'));
    expect(edge.plane.stats().upstreamConnections).toBe(0);
    expect(log.messages('warn')[0]).toContain('refused');
  });

  it.each(OWN)('of a container may not be where dproxy listens: %s', async (own, addresses) => {
    const port = await freePort();
    for (const address of LOOPBACK) {
      const { rejected } = merge(backend(address, port), [`${own}:${port}`]);
      expect([address, rejected.length]).toEqual([address, addresses.includes(address) ? 1 : 0]);
      expect(merge(backend(address, port + 1), [`${own}:${port}`]).rejected).toEqual([]);
    }
  });

  it('is taken when it is an ordinary one, and dproxy.yml may name what it likes', async () => {
    await using origin = await Origin.start();
    const ordinary = merge(backend('127.0.0.1', origin.port), ['0.0.0.0:80', '127.0.0.1:16000']);
    expect(ordinary.rejected).toEqual([]);
    await using edge = await startEdge({ routes: [] });
    await edge.apply(ordinary.snapshot);
    expect((await get({ port: edge.port(), name: 'a.example' })).body.text).toBe('origin');
    expect(merge(backend('169.254.169.254', 80, '')).rejected).toEqual([]);
  });
});
