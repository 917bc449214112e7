import { connect } from 'node:tls';
import {
  backendOf,
  eventually,
  listenerOf,
  Origin,
  RawClient,
  snapshotOf,
  type SnapshotSpec,
  streamOf,
} from '@dproxy/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { DataPlaneOptions } from '../data-plane.ts';
import { LOCAL_CERTIFICATE, SITE_CERTIFICATE } from '../fixtures/certificates.ts';
import { getRequest, startEdge } from '../fixtures/edge.ts';
import { leafNameOf } from './tls-choice.ts';

const MATERIAL = new Map([SITE_CERTIFICATE, LOCAL_CERTIFICATE].map((each) => [each.id, each]));
const LEAF = { ...LOCAL_CERTIFICATE, names: ['a.test', '*.wild.test'] };
const FOREVER_MS = 600_000;
const REFUSED = /unrecognized.name/i;

/** The leafs of the routes are still being signed. */
async function startUnsigned(
  limits: SnapshotSpec['limits'] = {},
  { onWantCertificate, ...spec }: SnapshotSpec & Pick<DataPlaneOptions, 'onWantCertificate'> = {},
) {
  const origin = await Origin.start();
  const edge = await startEdge({ listeners: [] }, onWantCertificate === undefined ? {} : { onWantCertificate });
  onTestFinished(async () => {
    await edge.plane.close();
    await origin.close();
  });
  const apply = async (certificates: SnapshotSpec['certificates'] = [], material = MATERIAL) => {
    await edge.apply(
      snapshotOf({
        listeners: [listenerOf({ protocol: 'https' })],
        routes: { 'a.test': origin, '*.wild.test': origin },
        limits: { leafWaitMs: FOREVER_MS, ...limits },
        certificates,
        ...spec,
      }),
      material,
    );
  };
  await apply();
  const shake = (servername: string) =>
    RawClient.connect({ port: edge.port('https'), tls: { servername, rejectUnauthorized: false } });
  const held = async (count: number) => await eventually(() => edge.plane.stats().connections === count);
  return { plane: edge.plane, port: edge.port('https'), apply, shake, held };
}

async function statusOf(connecting: Promise<RawClient>, host: string): Promise<number> {
  using client = await connecting;
  await client.write(getRequest(host));
  return (await client.readResponse()).status;
}

describe('a handshake for a host without any certificate', () => {
  test('waits for the first one, however many come and from whichever table', async () => {
    const edge = await startUnsigned();
    const names = ['a.test', 'x.wild.test', ...Array.from({ length: 30 }, () => 'a.test')];
    const asking = names.map((name) => statusOf(edge.shake(name), name));
    await edge.held(names.length);
    // Tables without it, or with it and without its key, change nothing.
    await edge.apply();
    await edge.apply([LEAF], new Map());
    await edge.apply([LEAF]);
    expect(new Set(await Promise.all(asking))).toEqual(new Set([200]));
  });

  test('is refused when none comes in time, and then at once for a while', async () => {
    const edge = await startUnsigned({ leafWaitMs: 20 });
    await expect(edge.shake('a.test')).rejects.toThrow(REFUSED);
    await edge.apply([], MATERIAL);
    await expect(edge.shake('a.test')).rejects.toThrow(REFUSED);
    await edge.apply([LEAF]);
    expect(await statusOf(edge.shake('a.test'), 'a.test')).toBe(200);
    await eventually(() => edge.plane.stats().connections === 0);
  });

  test('is refused at once where nobody has the name, or where no leaf is made for it', async () => {
    const edge = await startUnsigned();
    for (const name of ['nobody.test', 'www.a.test', 'deep.x.wild.test', 'wild.test']) {
      await expect(edge.shake(name)).rejects.toThrow(REFUSED);
    }
  });

  test('is refused at once beyond heldHandshakes', async () => {
    const edge = await startUnsigned({ heldHandshakes: 2 });
    const asking = [1, 2].map(() => statusOf(edge.shake('a.test'), 'a.test'));
    await edge.held(2);
    await expect(edge.shake('x.wild.test')).rejects.toThrow(REFUSED);
    await edge.apply([LEAF]);
    expect(await Promise.all(asking)).toEqual([200, 200]);
  });

  test('waits for a stream whose TLS ends here, too', async () => {
    const backend = await Origin.start({ onConnection: (socket) => void socket.write('hello') });
    onTestFinished(() => backend.close());
    const spec: SnapshotSpec = {
      routes: {},
      backends: [backendOf({ id: 'db', port: backend.port, protocol: 'tcp' })],
      streams: [streamOf({ listenerId: 'https', host: 'a.test', tls: 'terminate', backendIds: ['db'] })],
    };
    const edge = await startUnsigned({}, spec);
    const connecting = edge.shake('a.test');
    await edge.held(1);
    await edge.apply([LEAF]);
    using client = await connecting;
    expect((await client.readBytes(5)).toString()).toBe('hello');
  });

  test('waits for the leaf after it has heard that no authority will give it one', async () => {
    const wanted: string[] = [];
    const edge = await startUnsigned(
      {},
      {
        settings: { tls: { profile: 'intermediate', onDemand: true } },
        onWantCertificate: (host) => {
          wanted.push(host);
          edge.plane.denyCertificate(host);
        },
      },
    );
    const asking = statusOf(edge.shake('x.wild.test'), 'x.wild.test');
    await edge.held(1);
    await edge.apply([LEAF]);
    expect(await asking).toBe(200);
    expect(wanted).toEqual(['x.wild.test']);
  });

  test('gives its place back when the client goes', async () => {
    const edge = await startUnsigned({ heldHandshakes: 1 });
    const leaving = connect({ port: edge.port, host: '127.0.0.1', servername: 'a.test' });
    leaving.on('error', () => undefined);
    await edge.held(1);
    leaving.destroy();
    await edge.held(0);
    const staying = statusOf(edge.shake('a.test'), 'a.test');
    await edge.held(1);
    await edge.apply([LEAF]);
    expect(await staying).toBe(200);
  });
});

test.each([
  ['a.test', ['a.test', '*.test'], 'a.test'],
  ['b.test', ['a.test', '*.test'], '*.test'],
  ['c.b.test', ['a.test', '*.test'], ''],
  ['www.a.test', ['a.test'], ''],
  ['www.a.test', ['a.test', '*.a.test'], '*.a.test'],
  ['plain', ['plain', '*.plain'], 'plain'],
  ['other', ['*', '*.other'], ''],
])('the leaf for %s where %j are served is %j', (host, served, leaf) => {
  expect(leafNameOf(host, (pattern) => served.includes(pattern))).toBe(leaf);
});
