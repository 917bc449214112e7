import { describe, expect, it } from 'vitest';
import { IssueError } from '../ports.ts';
import {
  benchOf,
  DAY_MS,
  fileRef,
  HOUR_MS,
  LETS_ENCRYPT,
  MINUTE_MS,
  OTHER,
  routesOf,
  settingsOf,
} from './fixtures/bench.ts';

const unreachable = () => new IssueError('unreachable', 'no connection', { advice: 'Check the network.' });

/** Minutes from the first order on. */
function minutes(orders: readonly { readonly atMs: number }[]): number[] {
  return orders.map(({ atMs }) => Math.round((atMs - (orders[0]?.atMs ?? 0)) / MINUTE_MS));
}

describe('upkeep of certificates', () => {
  it('orders a certificate for every public name, and workers get it', async () => {
    const { upkeep, clock, issuer, served, start } = benchOf();
    upkeep.want(routesOf('a.example.com', 'b.example.com', 'app.localhost', '127.0.0.1', 'intranet'), []);
    await start();
    await clock.advance(1_000);
    expect(issuer.orders.map(({ names }) => names)).toEqual([['a.example.com'], ['b.example.com']]);
    expect(served()).toEqual(['a.example.com', 'b.example.com']);
    expect(upkeep.views().map(({ state, issuer: by }) => [state, by])).toEqual([
      ['valid', 'Recording Authority'],
      ['valid', 'Recording Authority'],
    ]);
    expect(upkeep.counters().issued).toBe(2);
    await upkeep.stop();
  });

  it('contacts nobody before there is a contact, and serves what is stored', async () => {
    const { upkeep, clock, issuer, store, served, start } = benchOf({ settings: settingsOf({ email: '' }) });
    await store.save(issuer.certificate(['a.example.com'], 'imported'));
    upkeep.want(routesOf('a.example.com', 'b.example.com'), []);
    await start();
    await clock.advance(DAY_MS);
    expect([issuer.orders, issuer.asked]).toEqual([[], []]);
    expect(served()).toEqual(['a.example.com']);
    await upkeep.stop();
  });

  it('orders nothing that a file or a stored certificate covers', async () => {
    const { upkeep, clock, issuer, store, start } = benchOf();
    await store.save(issuer.certificate(['*.stored.example'], 'imported'));
    upkeep.want(routesOf('a.stored.example', 'a.filed.example', 'filed.example'), [
      fileRef('*.filed.example', 'filed.example'),
    ]);
    await start();
    await clock.advance(DAY_MS);
    expect(issuer.orders).toEqual([]);
    await upkeep.stop();
  });

  it('renews for a year, a third of the life before the end, and never lets one lapse', async () => {
    const { upkeep, clock, issuer, store, start } = benchOf({ more: { tickMs: HOUR_MS } });
    upkeep.want(routesOf('a.example.com'), []);
    await start();
    for (let day = 0; day < 365; day += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one day after another
      await clock.advance(DAY_MS);
      const longest = Math.max(...[...store.certificates.values()].map(({ notAfterMs }) => notAfterMs));
      expect(longest - clock.nowMs()).toBeGreaterThanOrEqual(30 * DAY_MS - HOUR_MS);
    }
    // 365 days in steps of 59 to 60: the first one and six renewals.
    expect(issuer.orders).toHaveLength(7);
    await upkeep.stop();
  });

  it('renews half-way when the life is under ten days', async () => {
    const { upkeep, clock, issuer, start } = benchOf();
    issuer.lifeMs = 160 * HOUR_MS;
    upkeep.want(routesOf('a.example.com'), []);
    await start();
    await clock.advance(81 * HOUR_MS);
    expect(issuer.orders).toHaveLength(2);
    expect((issuer.orders[1]?.atMs ?? 0) - (issuer.orders[0]?.atMs ?? 0)).toBeGreaterThan(70 * HOUR_MS);
    await upkeep.stop();
  });

  it('serves the old one while the authority is down, and asks at 1, 10 and 100 minutes, then daily', async () => {
    const { upkeep, clock, issuer, served, start } = benchOf();
    upkeep.want(routesOf('a.example.com'), []);
    await start();
    await clock.advance(50 * DAY_MS);
    issuer.decide = () => {
      throw unreachable();
    };
    issuer.orders.length = 0;
    await clock.advance(12 * DAY_MS);
    expect(minutes(issuer.orders).slice(0, 5)).toEqual([0, 1, 11, 111, 111 + 1_440]);
    expect(served()).toEqual(['a.example.com']);
    const [view] = upkeep.views();
    expect(view).toMatchObject({
      state: 'failed',
      problem: 'unreachable: no connection',
      advice: 'Check the network.',
    });
    expect(view?.nextAttemptMs).toBeGreaterThan(clock.nowMs());
    issuer.decide = () => {};
    await clock.advance(DAY_MS);
    expect(upkeep.views()[0]).toMatchObject({ state: 'valid', failures: 0 });
    await upkeep.stop();
  });

  it('asks at most four times in the first 24 hours of an outage', async () => {
    const { upkeep, clock, issuer, start } = benchOf();
    issuer.decide = () => {
      throw unreachable();
    };
    upkeep.want(routesOf('a.example.com'), []);
    await start();
    await clock.advance(DAY_MS);
    expect(issuer.orders).toHaveLength(4);
    await upkeep.stop();
  });

  it('remembers failures over a restart', async () => {
    const first = benchOf();
    const { clock, store, issuer } = first;
    issuer.decide = () => {
      throw unreachable();
    };
    first.upkeep.want(routesOf('a.example.com'), []);
    await first.start();
    await clock.advance(12 * MINUTE_MS);
    expect(issuer.orders).toHaveLength(3);
    await first.upkeep.stop();
    for (let restart = 0; restart < 5; restart += 1) {
      const again = benchOf({ clock, store, issuer });
      again.upkeep.want(routesOf('a.example.com'), []);
      // oxlint-disable-next-line no-await-in-loop -- one start after another
      await again.start();
      // oxlint-disable-next-line no-await-in-loop -- one start after another
      await clock.advance(MINUTE_MS);
      expect(again.upkeep.views()[0]).toMatchObject({ failures: 3 });
      // oxlint-disable-next-line no-await-in-loop -- one start after another
      await again.upkeep.stop();
    }
    expect(issuer.orders).toHaveLength(3);
  });

  it('waits as long as the authority says', async () => {
    const { upkeep, clock, issuer, start } = benchOf();
    issuer.decide = () => {
      throw new IssueError('rate-limited', 'too many', { advice: 'Wait.', retryAfterMs: 5 * HOUR_MS });
    };
    upkeep.want(routesOf('a.example.com'), []);
    await start();
    await clock.advance(5 * HOUR_MS - MINUTE_MS);
    expect(issuer.orders).toHaveLength(1);
    await clock.advance(2 * MINUTE_MS);
    expect(issuer.orders).toHaveLength(2);
    await upkeep.stop();
  });

  it('tries again at once when the operator says so', async () => {
    const { upkeep, clock, issuer, start } = benchOf();
    issuer.decide = () => {
      throw new IssueError('unauthorized', 'wrong answer', { advice: 'Mend DNS.', host: 'a.example.com' });
    };
    upkeep.want(routesOf('a.example.com'), []);
    await start();
    await clock.advance(1_000);
    issuer.decide = () => {};
    expect(upkeep.retryNow('b.example.com')).toBe(false);
    expect(upkeep.retryNow('a.example.com')).toBe(true);
    await clock.advance(1_000);
    expect(upkeep.views()[0]?.state).toBe('valid');
    await upkeep.stop();
  });

  it('stops before the fifth failed authorization in an hour, however often it is told to try', async () => {
    const { upkeep, clock, issuer, start } = benchOf();
    issuer.decide = () => {
      throw new IssueError('unauthorized', 'wrong answer', { advice: 'Mend DNS.', host: 'a.example.com' });
    };
    upkeep.want(routesOf('a.example.com'), []);
    await start();
    for (let attempt = 0; attempt < 10; attempt += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      await clock.advance(1_000);
      upkeep.retryNow('a.example.com');
    }
    await clock.advance(1_000);
    expect(issuer.orders).toHaveLength(4);
    const [view] = upkeep.views();
    expect(view?.problem).toMatch(/^rate-limited: letsencrypt allows no more now/);
    expect((view?.nextAttemptMs ?? 0) - clock.nowMs()).toBeGreaterThan(50 * MINUTE_MS);
    expect(upkeep.counters().refusedHere).toBeGreaterThan(0);
    await upkeep.stop();
  });

  it('goes to the next authority when one is down, refuses or limits, and back to the first at the renewal', async () => {
    const { upkeep, clock, issuer, start } = benchOf({ settings: settingsOf({ authorities: [LETS_ENCRYPT, OTHER] }) });
    issuer.decide = ({ authority }) => {
      if (authority.name === 'letsencrypt') throw unreachable();
    };
    upkeep.want(routesOf('a.example.com'), []);
    await start();
    await clock.advance(HOUR_MS);
    expect(issuer.orders.map(({ authority }) => authority)).toEqual(['letsencrypt', 'ca.example']);
    issuer.decide = () => {};
    await clock.advance(61 * DAY_MS);
    expect(issuer.orders.map(({ authority }) => authority)).toEqual(['letsencrypt', 'ca.example', 'letsencrypt']);
    await upkeep.stop();
  });

  it('does not send another authority to the same wrong DNS', async () => {
    const { upkeep, clock, issuer, start } = benchOf({ settings: settingsOf({ authorities: [LETS_ENCRYPT, OTHER] }) });
    issuer.decide = () => {
      throw new IssueError('unauthorized', 'wrong answer', { advice: 'Mend DNS.' });
    };
    upkeep.want(routesOf('a.example.com'), []);
    await start();
    await clock.advance(HOUR_MS);
    expect(new Set(issuer.orders.map(({ authority }) => authority))).toEqual(new Set(['letsencrypt']));
    await upkeep.stop();
  });

  it('orders nothing when the preflight fails, and looks again every 100 minutes', async () => {
    let checks = 0;
    const check = (): Promise<void> => {
      checks += 1;
      return Promise.reject(
        new IssueError('unauthorized', 'elsewhere', { advice: 'Mend DNS.', host: 'a.example.com' }),
      );
    };
    const { upkeep, clock, issuer, start } = benchOf({ more: { reachability: { check } } });
    upkeep.want(routesOf('a.example.com'), []);
    await start();
    await clock.advance(DAY_MS);
    expect(issuer.orders).toEqual([]);
    expect(checks).toBeGreaterThan(12);
    expect(checks).toBeLessThan(20);
    expect(upkeep.views()[0]).toMatchObject({
      state: 'failed',
      problem: 'unauthorized: elsewhere',
      advice: 'Mend DNS.',
    });
    await upkeep.stop();
  });

  it('begins gently with hundreds of names, the oldest route first', async () => {
    const { upkeep, clock, issuer, start } = benchOf();
    const hosts = Array.from({ length: 320 }, (_, index) => `app.site${index}.example`);
    issuer.decide = () => new Promise((resolve) => void clock.after(500, resolve));
    upkeep.want(routesOf(...hosts), []);
    await start();
    await clock.advance(60_000);
    expect(issuer.orders.length).toBeGreaterThan(50);
    expect(issuer.orders.length).toBeLessThanOrEqual(70);
    expect(issuer.mostAtOnce).toBeLessThanOrEqual(5);
    expect(issuer.orders.map(({ names }) => names[0])).toEqual(hosts.slice(0, issuer.orders.length));
    await clock.advance(3 * HOUR_MS - 2 * MINUTE_MS);
    expect(issuer.orders).toHaveLength(300);
    await clock.advance(30 * MINUTE_MS);
    expect(issuer.orders).toHaveLength(320);
    await upkeep.stop();
  });

  it('refuses the 51st name below one domain until the week is over', async () => {
    const { upkeep, clock, issuer, log, start } = benchOf();
    upkeep.want(routesOf(...Array.from({ length: 60 }, (_, index) => `app${index}.example.co.uk`)), []);
    await start();
    await clock.advance(6 * DAY_MS);
    expect(issuer.orders).toHaveLength(50);
    expect(upkeep.views().filter(({ state }) => state === 'failed')).toHaveLength(10);
    // Said once for each, not every minute.
    expect(log.messages('warn')).toHaveLength(10);
    await clock.advance(1.1 * DAY_MS);
    expect(issuer.orders).toHaveLength(60);
    await upkeep.stop();
  });

  it('keeps the certificate of a route that is gone, but does not renew it', async () => {
    const { upkeep, clock, issuer, served, start } = benchOf();
    upkeep.want(routesOf('a.example.com'), []);
    await start();
    await clock.advance(1_000);
    upkeep.want([], []);
    await clock.advance(70 * DAY_MS);
    expect(issuer.orders).toHaveLength(1);
    expect(served()).toEqual(['a.example.com']);
    expect(upkeep.views()[0]).toMatchObject({ state: 'valid', renewMs: 0 });
    upkeep.want(routesOf('a.example.com'), []);
    await clock.advance(1_000);
    expect(issuer.orders).toHaveLength(2);
    await upkeep.stop();
  });

  it('cries once a day when a served certificate is about to end', async () => {
    const { upkeep, clock, issuer, log, start } = benchOf();
    upkeep.want(routesOf('a.example.com'), []);
    await start();
    await clock.advance(1_000);
    issuer.decide = () => {
      throw unreachable();
    };
    await clock.advance(82 * DAY_MS);
    expect(log.messages('error')).toEqual([]);
    await clock.advance(4 * DAY_MS);
    expect(log.messages('error').length).toBeGreaterThanOrEqual(3);
    expect(log.messages('error').length).toBeLessThanOrEqual(5);
    await upkeep.stop();
  });

  it('does not order when the disk refuses, and says so', async () => {
    const { upkeep, clock, issuer, store, log, start } = benchOf();
    await start();
    store.refusal = new Error('ENOSPC');
    upkeep.want(routesOf('a.example.com'), []);
    await clock.advance(9 * MINUTE_MS);
    expect(issuer.orders).toEqual([]);
    expect(log.messages('error').length).toBeGreaterThan(0);
    expect(upkeep.views()).toMatchObject([{ state: 'failed', problem: 'internal: ENOSPC' }]);
    expect(upkeep.views()[0]?.advice).not.toBe('');
    expect(upkeep.views()[0]?.nextAttemptMs).toBeGreaterThan(clock.nowMs());
    store.refusal = undefined;
    await clock.advance(12 * MINUTE_MS);
    expect(issuer.orders).toHaveLength(1);
    await upkeep.stop();
  });

  it('burns no limit of the authority with certificates that cannot be stored', async () => {
    const { upkeep, clock, issuer, store, start } = benchOf();
    store.save = () => Promise.reject(new Error('EACCES'));
    upkeep.want(routesOf('a.example.com'), []);
    await start();
    await clock.advance(6.9 * DAY_MS);
    expect(issuer.orders).toHaveLength(5);
    expect(upkeep.views()).toMatchObject([{ state: 'failed' }]);
    await upkeep.stop();
  });

  it('does not repeat at once an attempt that left no trace, and shows it', async () => {
    const { upkeep, clock, issuer, store, start } = benchOf();
    const save = store.save.bind(store);
    store.save = async (issued) => await save({ ...issued, names: ['b.example.com'] });
    upkeep.want(routesOf('a.example.com'), []);
    await start();
    await clock.advance(9 * MINUTE_MS);
    expect(issuer.orders).toHaveLength(1);
    const problem = expect.stringMatching(/^internal: an attempt has ended, and neither a certificate nor a failure/);
    expect(upkeep.views()[0]).toMatchObject({ state: 'failed', problem });
    await upkeep.stop();
  });

  it('counts a stop in the middle of an order as no failure', async () => {
    const first = benchOf();
    const { clock, store, issuer } = first;
    issuer.decide = (_request, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(unreachable()));
      });
    first.upkeep.want(routesOf('a.example.com'), []);
    await first.start();
    await clock.advance(1_000);
    await first.upkeep.stop();
    expect(store.held.size).toBe(0);
    issuer.decide = () => {};
    const again = benchOf({ clock, store, issuer });
    again.upkeep.want(routesOf('a.example.com'), []);
    await again.start();
    await clock.advance(1_000);
    expect(again.served()).toEqual(['a.example.com']);
    await again.upkeep.stop();
  });
});
