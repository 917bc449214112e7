import { expect, it } from 'vitest';
import type { Disturbance } from './disturbances/disturbance.ts';
import { askEverything } from './load/everything.ts';
import type { OpenLoop } from './load/open-loop.ts';
import { summaryOf, tableOf } from './load/report.ts';
import type { Site } from './site.ts';

const isLong = process.env['DPROXY_TEST_LONG'] === '1';
/** A hundred replacements of workers, each of which waits for the deadline of a drain. */
const LONG_TIMEOUT_MS = 20 * 60_000;

/** A test for each disturbance: under load, again and again, with every request counted. @param site started by then */
export function losesNothingWhile(
  disturbances: readonly Disturbance[],
  site: () => Site,
  ask: (site: Site) => OpenLoop = askEverything,
): void {
  const test = async (disturbance: Disturbance): Promise<void> => {
    const { name, endsWorkers, times } = disturbance;
    using load = ask(site());
    const rounds = isLong ? times.long : times.sample;
    for (let number = 0; number < rounds; number++) await disturbance.disturb({ site: site(), load, number });
    const tallies = await load.end();
    console.log(`${name}, ${rounds} times: ${summaryOf(tallies)}${isLong ? `\n${tableOf(tallies)}` : ''}`);
    expect(tallies.flatMap(({ lost }) => lost)).toEqual([]);
    for (const { kind, sent, answered, apart, closed } of tallies) {
      const isCounted = kind === 'POST' || (kind === 'WebSocket' && endsWorkers);
      expect([kind, answered + (isCounted ? apart : 0)]).toEqual([kind, sent]);
      if (kind !== 'WebSocket' || !endsWorkers) expect(closed).toEqual([]);
    }
    expect(await site().posts.twice()).toEqual([]);
  };
  const options = isLong ? { timeout: LONG_TIMEOUT_MS } : {};
  // Some are in the sample of other suites.
  const chosen = disturbances.filter(({ times }) => isLong || times.sample > 0);
  it.each(chosen)('loses no request and closes no unrelated connection: $name', options, test);
}
