import { describe, expect, it } from 'vitest';
import { benchOf, DAY_MS, HOUR_MS, LETS_ENCRYPT, OTHER, routesOf, settingsOf } from './fixtures/bench.ts';

const ONE = routesOf('a.example.com');

/** A window of the authority, in days from now. */
function windowAt(nowMs: number, fromDay: number, toDay: number, askAgainMs = nowMs + 6 * HOUR_MS) {
  return { startMs: nowMs + fromDay * DAY_MS, endMs: nowMs + toDay * DAY_MS, explanationUrl: '', askAgainMs };
}

describe('renewal information of the authority', () => {
  it('is asked for at least twice a day, whatever it says about asking again', async () => {
    for (const askAgainMs of [0, 9e15]) {
      const { upkeep, clock, issuer, start } = benchOf();
      issuer.window = () => windowAt(clock.nowMs(), 50, 51, askAgainMs);
      upkeep.want(ONE, []);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await start();
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await clock.advance(10 * DAY_MS);
      expect(issuer.asked.length).toBeGreaterThanOrEqual(20);
      expect(issuer.asked.length).toBeLessThanOrEqual(10 * 24 * 4 + 1);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await upkeep.stop();
    }
  });

  it('is waited for as long as it says, within a day', async () => {
    const { upkeep, clock, issuer, start } = benchOf();
    issuer.window = () => windowAt(clock.nowMs(), 50, 51, clock.nowMs() + 8 * HOUR_MS);
    upkeep.want(ONE, []);
    await start();
    await clock.advance(7 * HOUR_MS);
    expect(issuer.asked).toHaveLength(1);
    await clock.advance(1.5 * HOUR_MS);
    expect(issuer.asked).toHaveLength(2);
    await upkeep.stop();
  });

  it('brings the renewal forward to now when the certificate is about to be revoked, and says what it replaces', async () => {
    const { upkeep, clock, issuer, start } = benchOf();
    upkeep.want(ONE, []);
    await start();
    await clock.advance(DAY_MS);
    expect(issuer.orders).toHaveLength(1);
    const [first] = issuer.issued;
    issuer.window = (pem) => (pem === first ? windowAt(clock.nowMs(), -3, -1) : windowAt(clock.nowMs(), 50, 51));
    await clock.advance(DAY_MS);
    expect(issuer.orders).toHaveLength(2);
    expect(issuer.orders[1]?.replaces).toMatch(/^[A-Za-z0-9_-]+\.AIdlQyE$/);
    await upkeep.stop();
  });

  it('does not put the renewal off beyond the back-stop', async () => {
    const { upkeep, clock, issuer, start } = benchOf();
    issuer.window = () => windowAt(clock.nowMs(), 89, 90);
    upkeep.want(ONE, []);
    await start();
    await clock.advance(59 * DAY_MS - HOUR_MS);
    expect(issuer.orders).toHaveLength(1);
    await clock.advance(DAY_MS + 2 * HOUR_MS);
    expect(issuer.orders).toHaveLength(2);
    await upkeep.stop();
  });

  it('cannot make us renew for ever', async () => {
    const { upkeep, clock, issuer, start } = benchOf();
    issuer.window = () => windowAt(clock.nowMs(), -3, -1);
    upkeep.want(ONE, []);
    await start();
    await clock.advance(12 * HOUR_MS);
    expect(issuer.orders.length).toBeLessThanOrEqual(6);
    await upkeep.stop();
  });

  it('is no reason to renew when it is turned around', async () => {
    const { upkeep, clock, issuer, start } = benchOf();
    issuer.window = () => windowAt(clock.nowMs(), -1, -3);
    upkeep.want(ONE, []);
    await start();
    await clock.advance(DAY_MS);
    expect(issuer.orders).toHaveLength(1);
    await upkeep.stop();
  });

  it('is asked for before a renewal that is due at the start', async () => {
    const { upkeep, clock, store, issuer, start } = benchOf();
    await store.save(issuer.certificate(['a.example.com'], 'letsencrypt'));
    clock.jump(70 * DAY_MS);
    issuer.window = () => windowAt(clock.nowMs(), -3, -1);
    upkeep.want(ONE, []);
    await start();
    await clock.advance(1_000);
    expect(issuer.orders[0]?.replaces).not.toBe('');
    await upkeep.stop();
  });

  it('is not said to another authority than the one that issued', async () => {
    const { upkeep, clock, issuer, start } = benchOf({ settings: settingsOf({ authorities: [LETS_ENCRYPT, OTHER] }) });
    issuer.window = () => windowAt(clock.nowMs(), 50, 51);
    upkeep.want(ONE, []);
    await start();
    await clock.advance(DAY_MS);
    upkeep.follow(settingsOf({ authorities: [OTHER] }));
    await clock.advance(60 * DAY_MS);
    expect(issuer.orders[1]).toMatchObject({ authority: 'ca.example', replaces: '' });
    await upkeep.stop();
  });
});
