import { describe, expect, it } from 'vitest';
import { IssueError } from '../ports.ts';
import {
  authorityOf,
  benchOf,
  DAY_MS,
  HOUR_MS,
  LETS_ENCRYPT,
  MINUTE_MS,
  routesOf,
  settingsOf,
} from './fixtures/bench.ts';

const ONE = routesOf('a.example.com');
const YEAR_MS = 365 * DAY_MS;

function fail(problem: ConstructorParameters<typeof IssueError>[0]): () => never {
  return () => {
    throw new IssueError(problem, 'no', { advice: 'Do something.' });
  };
}

describe('a clock that jumps', () => {
  it('forwards by 60 days makes the renewal due at the next tick', async () => {
    const { upkeep, clock, issuer, start } = benchOf();
    upkeep.want(ONE, []);
    await start();
    await clock.advance(MINUTE_MS);
    clock.jump(60 * DAY_MS);
    await clock.advance(16 * MINUTE_MS);
    expect(issuer.orders).toHaveLength(2);
    await upkeep.stop();
  });

  it('back by a year orders nothing again, and serves on', async () => {
    const { upkeep, clock, issuer, served, start } = benchOf();
    upkeep.want(ONE, []);
    await start();
    await clock.advance(MINUTE_MS);
    clock.jump(-YEAR_MS);
    await clock.advance(DAY_MS);
    expect(issuer.orders).toHaveLength(1);
    expect(served()).toEqual(['a.example.com']);
    await upkeep.stop();
  });

  it('ahead for a while holds no retry and no limit back for years', async () => {
    const { upkeep, clock, issuer, start } = benchOf();
    clock.jump(4 * YEAR_MS);
    issuer.decide = fail('unreachable');
    upkeep.want(ONE, []);
    await start();
    await clock.advance(2 * HOUR_MS);
    const before = issuer.orders.length;
    clock.jump(-4 * YEAR_MS);
    issuer.decide = () => {};
    await clock.advance(DAY_MS + 3 * HOUR_MS);
    expect(issuer.orders.length).toBeGreaterThan(before);
    expect(upkeep.views()[0]?.state).toBe('valid');
    await upkeep.stop();
  });

  it('is ahead of all that is issued: no limit is used up, and the view names the clock', async () => {
    const { upkeep, clock, issuer, start } = benchOf();
    issuer.aheadMs = -YEAR_MS;
    upkeep.want(ONE, []);
    await start();
    await clock.advance(MINUTE_MS / 2);
    expect(issuer.orders).toHaveLength(1);
    expect(upkeep.views()).toMatchObject([{ failures: 1, advice: expect.stringMatching(/clock of this machine/) }]);
    await clock.advance(HOUR_MS);
    expect(issuer.orders).toHaveLength(3);
    await upkeep.stop();
  });

  it('keeps serving the old certificate until the new one has begun', async () => {
    const { upkeep, clock, issuer, store, published, start } = benchOf();
    await store.save(issuer.certificate(['a.example.com'], 'letsencrypt'));
    clock.jump(70 * DAY_MS);
    const [old] = [...store.certificates.keys()];
    issuer.aheadMs = HOUR_MS;
    upkeep.want(ONE, []);
    await start();
    await clock.advance(30 * MINUTE_MS);
    expect(issuer.orders).toHaveLength(1);
    expect(published.at(-1)?.refs.map(({ id }) => id)).toEqual([old]);
    await clock.advance(HOUR_MS);
    expect(published.at(-1)?.refs.map(({ id }) => id)).not.toEqual([old]);
    await upkeep.stop();
  });
});

describe('settings that change', () => {
  it('give what was misconfigured another chance at once, and nothing else', async () => {
    for (const [problem, orders] of [
      ['misconfigured', 2],
      ['rejected', 1],
    ] as const) {
      const { upkeep, clock, issuer, start } = benchOf();
      issuer.decide = fail(problem);
      upkeep.want(ONE, []);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await start();
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await clock.advance(1_000);
      upkeep.follow(settingsOf());
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await clock.advance(1_000);
      expect(issuer.orders).toHaveLength(1);
      upkeep.follow(settingsOf({ keyType: 'rsa-2048' }));
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await clock.advance(1_000);
      expect(issuer.orders).toHaveLength(orders);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await upkeep.stop();
    }
  });

  it('are tried at once on a name that our own check refused', async () => {
    let checks = 0;
    const check = (): Promise<void> => {
      checks += 1;
      return Promise.reject(new IssueError('unauthorized', 'elsewhere', { advice: 'Mend DNS.' }));
    };
    const { upkeep, clock, issuer, start } = benchOf({ more: { reachability: { check } } });
    upkeep.want(ONE, []);
    await start();
    await clock.advance(1_000);
    upkeep.follow(settingsOf());
    await clock.advance(1_000);
    expect([checks, issuer.orders.length]).toEqual([1, 0]);
    upkeep.follow(settingsOf({ preflight: false }));
    await clock.advance(1_000);
    expect([checks, issuer.orders.length]).toEqual([1, 1]);
    expect(upkeep.views()[0]?.state).toBe('valid');
    await upkeep.stop();
  });

  it('in the middle of an order that then fails get their chance, too', async () => {
    const { upkeep, clock, issuer, start } = benchOf();
    issuer.decide = () => {
      issuer.decide = () => {};
      upkeep.follow(settingsOf({ keyType: 'rsa-2048' }));
      throw new IssueError('misconfigured', 'no', { advice: 'Do something.' });
    };
    upkeep.want(ONE, []);
    await start();
    await clock.advance(1_000);
    expect(upkeep.views()[0]?.state).toBe('valid');
    await upkeep.stop();
  });

  it('from staging to the real authority order again, and nobody is served the staging one', async () => {
    const staging = authorityOf('letsencrypt-staging', 'https://acme-staging-v02.api.letsencrypt.org/directory');
    const { upkeep, clock, issuer, published, start } = benchOf({ settings: settingsOf({ authorities: [staging] }) });
    upkeep.want(ONE, []);
    await start();
    await clock.advance(1_000);
    const [ref] = published.at(-1)?.refs ?? [];
    upkeep.follow(settingsOf({ authorities: [LETS_ENCRYPT] }));
    await clock.advance(1_000);
    expect(issuer.orders.map(({ authority }) => authority)).toEqual(['letsencrypt-staging', 'letsencrypt']);
    expect(published.at(-1)?.refs).toHaveLength(1);
    expect(published.at(-1)?.refs[0]?.id).not.toBe(ref?.id);
    await upkeep.stop();
  });

  it('to another profile with short lives do not renew for ever', async () => {
    const { upkeep, clock, issuer, start } = benchOf();
    upkeep.want(ONE, []);
    await start();
    await clock.advance(59.5 * DAY_MS);
    issuer.lifeMs = 160 * HOUR_MS;
    await clock.advance(3 * DAY_MS);
    expect(issuer.orders).toHaveLength(2);
    await upkeep.stop();
  });

  it('without a contact stop everything but serving', async () => {
    const { upkeep, clock, issuer, served, start } = benchOf();
    upkeep.want(ONE, []);
    await start();
    await clock.advance(1_000);
    upkeep.follow(settingsOf({ email: '' }));
    await clock.advance(80 * DAY_MS);
    expect(issuer.orders).toHaveLength(1);
    expect(served()).toEqual(['a.example.com']);
    await upkeep.stop();
  });
});

describe('wildcards', () => {
  const settings = settingsOf({ dns: { provider: 'exec', options: {} }, challenges: ['dns-01', 'http-01'] });

  it('are ordered with their parent, and names below use them', async () => {
    const { upkeep, clock, issuer, served, start } = benchOf({ settings });
    upkeep.want(routesOf('*.example.com', 'example.com', 'a.example.com'), []);
    await start();
    await clock.advance(61 * DAY_MS);
    expect(issuer.orders.map(({ names }) => names)).toEqual([
      ['example.com', '*.example.com'],
      ['example.com', '*.example.com'],
    ]);
    expect(served()).toEqual(['*.example.com', 'example.com']);
    expect(upkeep.views().map(({ names, state }) => [names.length, state])).toEqual([
      [2, 'valid'],
      [1, 'valid'],
    ]);
    await upkeep.stop();
  });

  it('that cannot be had do not keep the names below from their own', async () => {
    const { upkeep, clock, issuer, served, start } = benchOf({ settings });
    issuer.decide = ({ names }) => {
      if (names.some((name) => name.startsWith('*.'))) fail('unreachable')();
    };
    upkeep.want(routesOf('*.example.com', 'a.example.com'), []);
    await start();
    await clock.advance(HOUR_MS);
    expect(served()).toEqual(['a.example.com']);
    await upkeep.stop();
  });
});
