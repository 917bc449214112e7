import { describe, expect, it } from 'vitest';
import { IssueError } from '../ports.ts';
import { type Bench, benchOf, DAY_MS, MINUTE_MS, routeOf, routesOf, settingsOf } from './fixtures/bench.ts';

const ASK = 'http://127.0.0.1:9/may';
const WILD = routesOf('*.example.com');

interface Asked extends Bench {
  readonly urls: string[];
}

/** With an `ask` URL that says what `answer` says. */
async function asking(answer: (domain: string) => boolean, allow: readonly string[] = []): Promise<Asked> {
  const urls: string[] = [];
  const ask = (url: string): Promise<boolean> => {
    urls.push(url);
    return Promise.resolve(answer(new URL(url).searchParams.get('domain') ?? ''));
  };
  const bench = benchOf({ settings: settingsOf({ onDemand: { allow, ask: ASK } }), more: { ask } });
  bench.upkeep.want(WILD, []);
  await bench.start();
  return { ...bench, urls };
}

async function wanted({ upkeep, clock }: Bench, host: string): Promise<boolean> {
  const result = upkeep.wantOnDemand(host);
  await clock.advance(1_000);
  return result;
}

describe('certificates on demand', () => {
  it('are off by default', async () => {
    const bench = benchOf();
    bench.upkeep.want(WILD, []);
    await bench.start();
    expect(await wanted(bench, 'a.example.com')).toBe(false);
    expect(bench.issuer.orders).toEqual([]);
    expect(bench.upkeep.counters().onDemandRefused).toBe(1);
    await bench.upkeep.stop();
  });

  it('are ordered for a name that is routed and let pass, and the handshake can wait for it', async () => {
    const bench = await asking((domain) => domain === 'a.example.com');
    expect(await wanted(bench, 'a.example.com')).toBe(true);
    expect(bench.urls).toEqual([`${ASK}?domain=a.example.com`]);
    expect(bench.served()).toEqual(['a.example.com']);
    expect(await wanted(bench, 'a.example.com')).toBe(true);
    expect(bench.issuer.orders).toHaveLength(1);
    await bench.upkeep.stop();
  });

  it.each([
    'b.other.example',
    '192.0.2.1',
    '[2001:db8::1]',
    'localhost',
    'a.localhost',
    'example.com',
    '*.example.com',
    'A.example.com',
    'a_b.example.com',
    'a.b.c.d.e.f.g.h.i.example.com',
    'a..example.com',
    '',
    '__proto__',
  ])('are refused for %j without asking anybody', async (host) => {
    const bench = await asking(() => true);
    expect(await wanted(bench, host)).toBe(false);
    expect([bench.urls, bench.issuer.orders]).toEqual([[], []]);
    await bench.upkeep.stop();
  });

  it('are refused on routes that want none', async () => {
    const bench = await asking(() => true);
    bench.upkeep.want([routeOf('*.example.com', { https: { certificate: 'none' } })], []);
    expect(await wanted(bench, 'a.example.com')).toBe(false);
    await bench.upkeep.stop();
  });

  it('need both, where a list and a URL are given', async () => {
    const bench = await asking((domain) => domain.startsWith('b.'), ['*.eu.example.com']);
    expect(await wanted(bench, 'b.us.example.com')).toBe(false);
    expect(bench.urls).toEqual([]);
    expect(await wanted(bench, 'a.eu.example.com')).toBe(false);
    expect(await wanted(bench, 'b.eu.example.com')).toBe(true);
    await bench.upkeep.stop();
  });

  it('of 10,000 random names order none, and ask at most 60 times a minute', async () => {
    const bench = await asking(() => false);
    const names = Array.from({ length: 10_000 }, (_, index) => `x${index}.example.com`);
    const answers = Promise.all(names.map((name) => bench.upkeep.wantOnDemand(name)));
    await bench.clock.advance(1_000);
    expect((await answers).some(Boolean)).toBe(false);
    expect(bench.issuer.orders).toEqual([]);
    expect(bench.urls).toHaveLength(60);
    await bench.upkeep.stop();
  });

  it('remember a no for five minutes', async () => {
    const bench = await asking(() => false);
    await wanted(bench, 'a.example.com');
    await wanted(bench, 'a.example.com');
    expect(bench.urls).toHaveLength(1);
    await bench.clock.advance(5 * MINUTE_MS);
    await wanted(bench, 'a.example.com');
    expect(bench.urls).toHaveLength(2);
    await bench.upkeep.stop();
  });

  it('take a server that does not answer for a no', async () => {
    const ask = (): Promise<boolean> => Promise.reject(new Error('ECONNREFUSED'));
    const settings = settingsOf({ onDemand: { allow: [], ask: ASK } });
    const bench = benchOf({ settings, more: { ask } });
    bench.upkeep.want(WILD, []);
    await bench.start();
    expect(await wanted(bench, 'a.example.com')).toBe(false);
    await bench.upkeep.stop();
  });

  it('are at most ten new names a minute', async () => {
    const bench = await asking(() => true);
    const flood = async (prefix: string): Promise<number> => {
      const names = Array.from({ length: 30 }, (_, index) => `${prefix}${index}.example.com`);
      const answers = Promise.all(names.map((name) => bench.upkeep.wantOnDemand(name)));
      await bench.clock.advance(30_000);
      return (await answers).filter(Boolean).length;
    };
    expect(await flood('a')).toBe(10);
    expect(await flood('b')).toBe(0);
    await bench.clock.advance(MINUTE_MS);
    expect(await flood('c')).toBe(10);
    await bench.upkeep.stop();
  });

  it('that could not be had are forgotten, and tried again only when the retries say so', async () => {
    const bench = await asking(() => true);
    bench.issuer.decide = () => {
      throw new IssueError('unauthorized', 'wrong answer', { advice: 'Mend DNS.' });
    };
    expect(await wanted(bench, 'a.example.com')).toBe(false);
    expect(await wanted(bench, 'a.example.com')).toBe(false);
    await bench.clock.advance(DAY_MS);
    expect(bench.issuer.orders).toHaveLength(1);
    bench.issuer.decide = () => {};
    expect(await wanted(bench, 'a.example.com')).toBe(true);
    await bench.upkeep.stop();
  });

  it('are renewed after a restart, until somebody says no', async () => {
    const first = await asking(() => true);
    const { clock, store, issuer } = first;
    expect(await wanted(first, 'a.example.com')).toBe(true);
    await first.upkeep.stop();
    let isAllowed = true;
    const ask = (): Promise<boolean> => Promise.resolve(isAllowed);
    const again = benchOf({
      clock,
      store,
      issuer,
      settings: settingsOf({ onDemand: { allow: [], ask: ASK } }),
      more: { ask },
    });
    again.upkeep.want(WILD, []);
    await again.start();
    await clock.advance(61 * DAY_MS);
    expect(issuer.orders).toHaveLength(2);
    isAllowed = false;
    await clock.advance(70 * DAY_MS);
    expect(issuer.orders).toHaveLength(2);
    await again.upkeep.stop();
  });

  it('are answered at once with no when dproxy stops', async () => {
    const bench = await asking(() => true);
    bench.issuer.decide = (_request, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')));
      });
    const answer = bench.upkeep.wantOnDemand('a.example.com');
    await bench.clock.advance(1_000);
    await bench.upkeep.stop();
    expect(await answer).toBe(false);
  });
});
