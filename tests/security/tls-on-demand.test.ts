import { eventually, Origin } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { LOCAL_CERTIFICATE, SITE_CERTIFICATE } from '../../packages/proxy/src/fixtures/certificates.ts';
import { allGone, startTlsEdge, type TlsEdgeOptions, visit } from './tls-edge.ts';

const LOCAL = { ...LOCAL_CERTIFICATE, names: ['localhost', '*.wild.test'] };
const ON_DEMAND = { tls: { profile: 'intermediate', onDemand: true } } as const;

async function start(options: Partial<TlsEdgeOptions> = {}) {
  const origin = await Origin.start();
  const wanted: string[] = [];
  const edge = await startTlsEdge({
    origin,
    settings: ON_DEMAND,
    certificates: [LOCAL],
    plane: { onWantCertificate: (host) => wanted.push(host) },
    ...options,
  });
  return {
    ...edge,
    wanted,
    [Symbol.asyncDispose]: async () => {
      await edge[Symbol.asyncDispose]();
      await origin.close();
    },
  };
}

/** Whose certificate it was: the client trusts only the site's. */
const trusting = {
  ca: SITE_CERTIFICATE.certificatePem,
  rejectUnauthorized: true,
  checkServerIdentity: () => undefined,
};

it('holds handshakes until the certificate comes, and asks once for all of them', async () => {
  await using edge = await start({ limits: { certificateWaitMs: 60_000, tlsHandshakeMs: 60_000 } });
  const visits = Array.from({ length: 5 }, () => visit(edge.port, 'x.wild.test', trusting));
  await eventually(() => edge.plane.stats().connections === 5 && edge.wanted.length > 0);
  // A table without it changes nothing.
  await edge.apply();
  await edge.apply({ certificates: [LOCAL, { ...SITE_CERTIFICATE, kind: 'acme' }] });
  for (const { status, problem } of await Promise.all(visits)) expect([problem, status]).toEqual(['', 200]);
  expect(edge.wanted).toEqual(['x.wild.test']);
  await allGone(edge.plane);
});

it('serves the local certificate when none comes in time, and does not ask again at once', async () => {
  await using edge = await start({ limits: { certificateWaitMs: 50 } });
  expect((await visit(edge.port, 'x.wild.test')).status).toBe(200);
  expect((await visit(edge.port, 'x.wild.test')).status).toBe(200);
  expect(edge.wanted).toEqual(['x.wild.test']);
});

it('goes on with the local certificate as soon as it hears that none will come', async () => {
  await using edge = await start({ limits: { certificateWaitMs: 60_000, tlsHandshakeMs: 60_000 } });
  const held = visit(edge.port, 'x.wild.test');
  await eventually(() => edge.wanted.length === 1);
  edge.plane.denyCertificate('x.wild.test');
  expect((await held).status).toBe(200);
  expect((await visit(edge.port, 'x.wild.test')).status).toBe(200);
  expect(edge.wanted).toEqual(['x.wild.test']);
});

it('holds so many and no more: the others are served at once', async () => {
  await using edge = await start({ limits: { certificateWaitMs: 60_000, heldHandshakes: 2 } });
  const held = ['one', 'two'].map((label) => visit(edge.port, `${label}.wild.test`));
  await eventually(() => edge.wanted.length === 2);
  for (let count = 0; count < 20; count++) {
    expect((await visit(edge.port, `more-${count}.wild.test`)).status).toBe(200);
  }
  expect(edge.wanted).toEqual(['one.wild.test', 'two.wild.test']);
  await edge.plane.close();
  expect((await Promise.all(held)).map(({ status }) => status)).toEqual([0, 0]);
});

it('holds sixteen of one client and no more', async () => {
  await using edge = await start({ limits: { certificateWaitMs: 60_000 } });
  const visits = Array.from({ length: 20 }, (_, at) => visit(edge.port, `host-${at}.wild.test`));
  await eventually(() => edge.plane.stats().requests === 4 && edge.plane.stats().connections === 16);
  expect(edge.wanted).toHaveLength(16);
  await edge.plane.close();
  const served = (await Promise.all(visits)).filter(({ status }) => status === 200);
  expect(served).toHaveLength(4);
});

it('asks for sixteen names of one client in a minute, however soon the answer is no', async () => {
  const wanted: string[] = [];
  await using edge = await start({
    limits: { certificateWaitMs: 60_000 },
    plane: {
      onWantCertificate: (host) => {
        wanted.push(host);
        edge.plane.denyCertificate(host);
      },
    },
  });
  for (let at = 0; at < 20; at++) expect((await visit(edge.port, `host-${at}.wild.test`)).status).toBe(200);
  expect(wanted).toHaveLength(16);
});

it('asks for no name that is unrouted, local, too deep, or has a certificate', async () => {
  const deep = `${'a.'.repeat(10)}wild.test`;
  await using edge = await start({
    certificates: [LOCAL, SITE_CERTIFICATE],
    limits: { certificateWaitMs: 60_000, leafWaitMs: 1 },
  });
  for (const name of ['nobody.test', 'x.wild.test', 'a.test', deep]) await visit(edge.port, name);
  await edge.apply({ routes: { 'app.localhost': { port: 1 } } });
  await visit(edge.port, 'app.localhost');
  expect(edge.wanted).toEqual([]);
});

it('asks for nothing while it is off, or when nobody listens', async () => {
  await using off = await start({ settings: {}, limits: { certificateWaitMs: 60_000 } });
  expect((await visit(off.port, 'x.wild.test')).status).toBe(200);
  expect(off.wanted).toEqual([]);
  await using deaf = await start({ plane: {}, limits: { certificateWaitMs: 60_000 } });
  expect((await visit(deaf.port, 'x.wild.test')).status).toBe(200);
});
