// Upkeep, order flow, store and preflight together, against a real authority.
import { join } from 'node:path';
import { AcmeIssuer, CertificateUpkeep, FileCertificateStore } from '@dproxy/certs';
import { type AcmeSettings, systemScheduler } from '@dproxy/config';
import type { Route } from '@dproxy/core';
import { collectLog, eventually, snapshotOf, type TempFolder, tempFolder } from '@dproxy/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AuthorityUnderTest } from './authority.ts';

let subject: AuthorityUnderTest;
let folder: TempFolder;

beforeAll(async () => {
  subject = await AuthorityUnderTest.start();
  folder = await tempFolder('dproxy-upkeep-');
});

afterAll(async () => {
  await subject[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

interface Primary {
  readonly upkeep: CertificateUpkeep;
  readonly served: () => readonly string[];
}

/** A primary's upkeep with everything real but its workers. */
async function start(state: string, hosts: readonly string[]): Promise<Primary> {
  const log = collectLog();
  const store = await FileCertificateStore.open({ directory: join(folder.path, state), log, now: Date.now });
  const solvers = new Map([['http-01', subject.http] as const]);
  const waits = { retryMs: 20, pollMs: 50 };
  const upkeep = new CertificateUpkeep({
    issuer: new AcmeIssuer({ store, solvers, log, waits }),
    store,
    solver: subject.http,
    scheduler: systemScheduler,
    random: Math.random,
    log,
    httpPort: subject.pebble.httpPort,
  });
  const settings: AcmeSettings = {
    email: 'me@dproxy.test',
    authorities: [subject.authority],
    hosts: 'auto',
    challenges: ['http-01'],
    keyType: 'ecdsa-p256',
    dns: undefined,
    preflight: true,
    resolvers: [subject.pebble.dns.dnsAddress],
    onDemand: undefined,
  };
  upkeep.follow(settings);
  upkeep.want(routesOf(hosts), []);
  let names: readonly string[] = [];
  await upkeep.start(({ refs }) => {
    names = refs.flatMap((ref) => ref.names).toSorted();
  });
  return { upkeep, served: () => names };
}

function routesOf(hosts: readonly string[]): readonly Route[] {
  return [...snapshotOf({ routes: hosts.map((host) => ({ host })) }).routes.values()];
}

test('four primaries on one folder order each name once, after a preflight, and all serve it', async () => {
  const hosts = ['one.example.com', 'two.example.com'];
  const before = subject.pebble.requests('order-plz');
  const primaries = await Promise.all([1, 2, 3, 4].map(() => start('shared', hosts)));
  await eventually(() => primaries.every(({ served }) => served().length === 2), { deadlineMs: 90_000 });
  expect(subject.pebble.requests('order-plz') - before).toBe(2);
  // A token of our own and one of the authority for each name.
  expect(subject.http.presented.filter((line) => line.startsWith('one.example.com '))).toHaveLength(2);
  await Promise.all(primaries.map(({ upkeep }) => upkeep.stop()));
  const [view] = primaries[0]?.upkeep.views() ?? [];
  expect(view).toMatchObject({ state: 'valid', issuer: expect.stringMatching(/Pebble/i) });
  const again = await start('shared', hosts);
  expect(again.served()).toEqual(hosts);
  await again.upkeep.stop();
  expect(subject.pebble.requests('order-plz') - before).toBe(2);
});

test('a wrong answer by the public address costs no order, and its view says what was seen', async () => {
  subject.http.wrong = 'another site';
  const before = subject.pebble.requests('order-plz');
  const { upkeep } = await start('wrong', ['three.example.com']);
  const view = await eventually(() => upkeep.views().find(({ state }) => state === 'failed'));
  expect(view.problem).toMatch(/^unauthorized: three\.example\.com does not reach this host: 127\.0\.0\.1 answered/);
  expect(view.advice).not.toBe('');
  expect(subject.pebble.requests('order-plz')).toBe(before);
  subject.http.wrong = '';
  expect(upkeep.retryNow('three.example.com')).toBe(true);
  await eventually(() => upkeep.views()[0]?.state === 'valid', { deadlineMs: 90_000 });
  await upkeep.stop();
});
