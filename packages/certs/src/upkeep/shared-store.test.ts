import { join } from 'node:path';
import { collectLog, eventually, tempFolder } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { TestAuthority } from '../fixtures/test-authority.ts';
import { IssueError, type CertificateIssuer } from '../ports.ts';
import { FileCertificateStore } from '../store/file-certificate-store.ts';
import { CertificateUpkeep } from './certificate-upkeep.ts';
import { benchOf, HOUR_MS, MINUTE_MS, routesOf, settingsOf } from './fixtures/bench.ts';
import { ManualClock } from './fixtures/manual-clock.ts';
import { MemoryStore } from './fixtures/memory-store.ts';
import { RecordingIssuer } from './fixtures/recording-issuer.ts';

const HOSTS = ['a.example.com', 'b.example.com', 'c.example.com'];

describe('primaries that share a state folder', () => {
  it('order each name once, and all serve it within seconds', async () => {
    const clock = new ManualClock();
    const store = new MemoryStore();
    const issuer = new RecordingIssuer(clock);
    issuer.decide = () => new Promise((resolve) => void clock.after(7_000, resolve));
    const benches = Array.from({ length: 20 }, () => benchOf({ clock, store, issuer }));
    for (const { upkeep } of benches) upkeep.want(routesOf(...HOSTS), []);
    await Promise.all(benches.map(({ start }) => start()));
    await clock.advance(12_000);
    expect(issuer.orders.map(({ names }) => names.join(',')).toSorted()).toEqual(HOSTS);
    for (const { served } of benches) expect(served()).toEqual(HOSTS);
    await clock.advance(HOUR_MS);
    expect(issuer.orders).toHaveLength(3);
    await Promise.all(benches.map(({ upkeep }) => upkeep.stop()));
  });

  it('share what failed: together they ask no more often than one', async () => {
    const clock = new ManualClock();
    const store = new MemoryStore();
    const issuer = new RecordingIssuer(clock);
    issuer.decide = () => {
      throw new IssueError('unreachable', 'no connection', { advice: 'Wait.' });
    };
    const benches = Array.from({ length: 5 }, () => benchOf({ clock, store, issuer }));
    for (const { upkeep } of benches) upkeep.want(routesOf('a.example.com'), []);
    await Promise.all(benches.map(({ start }) => start()));
    await clock.advance(12 * MINUTE_MS);
    expect(issuer.orders).toHaveLength(3);
    await Promise.all(benches.map(({ upkeep }) => upkeep.stop()));
  });

  it('order nothing that another one has finished just before the lease was had', async () => {
    const { upkeep, clock, store, issuer, served, start } = benchOf();
    store.beforeLease = async (key) => {
      if (key.startsWith('order:')) await store.save(issuer.certificate(['a.example.com'], 'letsencrypt'));
    };
    upkeep.want(routesOf('a.example.com'), []);
    await start();
    await clock.advance(1_000);
    expect(issuer.orders).toEqual([]);
    expect(served()).toEqual(['a.example.com']);
    await upkeep.stop();
  });

  it('take over an order whose holder is gone', async () => {
    const { upkeep, clock, store, issuer, start } = benchOf();
    const lease = await store.lease('order:a.example.com');
    upkeep.want(routesOf('a.example.com'), []);
    await start();
    await clock.advance(MINUTE_MS);
    expect(issuer.orders).toEqual([]);
    expect(upkeep.views()[0]?.state).toBe('pending');
    await lease?.[Symbol.asyncDispose]();
    await clock.advance(20_000);
    expect(issuer.orders).toHaveLength(1);
    await upkeep.stop();
  });

  it('give an order up when the lease is lost, and count it as no failure', async () => {
    const { upkeep, clock, store, issuer, start } = benchOf();
    issuer.decide = (_request, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new IssueError('internal', 'aborted', { advice: '' })));
      });
    upkeep.want(routesOf('a.example.com'), []);
    await start();
    await clock.advance(1_000);
    store.held.get('order:a.example.com')?.abort();
    await clock.advance(1_000);
    expect(upkeep.views()[0]).toMatchObject({ state: 'pending', failures: 0 });
    issuer.decide = () => {};
    await clock.advance(20_000);
    expect(issuer.orders).toHaveLength(2);
    await upkeep.stop();
  });

  it('order each name once with real files, leases and time', { timeout: 60_000 }, async () => {
    await using folder = await tempFolder('dproxy-upkeep-');
    const authority = await TestAuthority.create();
    const orders: string[] = [];
    const issuer: CertificateIssuer = {
      async issue({ names, authority: { name } }) {
        orders.push(names.join(','));
        const { chainPem, keyPem } = await authority.issue(names, { notBeforeMs: Date.now() - 1_000 });
        return { names, certificatePem: chainPem, keyPem, authority: name };
      },
      renewalWindow: () => Promise.resolve(undefined),
    };
    const start = async () => {
      const log = collectLog();
      const store = await FileCertificateStore.open({
        directory: join(folder.path, 'certificates'),
        log,
        now: Date.now,
      });
      const served: string[][] = [];
      const upkeep = new CertificateUpkeep({
        issuer,
        store,
        solver: { present: () => Promise.resolve(), withdraw: () => Promise.resolve() },
        reachability: { check: () => Promise.resolve() },
        scheduler: { nowMs: Date.now, after: (ms, run) => clearLater(setTimeout(run, ms)) },
        random: Math.random,
        log,
      });
      upkeep.follow(settingsOf());
      upkeep.want(routesOf(...HOSTS), []);
      await upkeep.start(({ refs }) => served.push(refs.flatMap(({ names }) => names).toSorted()));
      return { upkeep, served, log };
    };
    const primaries = await Promise.all(Array.from({ length: 20 }, start));
    await eventually(() => primaries.every(({ served }) => served.at(-1)?.length === 3), { deadlineMs: 90_000 });
    await Promise.all(primaries.map(({ upkeep }) => upkeep.stop()));
    expect(orders.toSorted()).toEqual(HOSTS);
    for (const { served, log } of primaries) {
      expect(served.at(-1)).toEqual(HOSTS);
      expect(log.messages('error').filter((message) => /broke off|stumbled/.test(message))).toEqual([]);
    }
  });
});

function clearLater(timer: NodeJS.Timeout): () => void {
  return () => clearTimeout(timer);
}
