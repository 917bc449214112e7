import type { Pm2Balancer } from '@dproxy/cluster';
import type { Settings } from '@dproxy/config';
import type { Log } from '@dproxy/core';
import type { Engines } from '../engines.ts';

/** What a change of the file means beside the table: engines and the number of workers. */
export async function followSettings(change: {
  readonly now: Settings;
  readonly before: Settings;
  readonly engines: Engines;
  /** Undefined while we start: it will begin with the settings of then. */
  readonly balancer: Pm2Balancer | undefined;
  readonly log: Log;
}): Promise<void> {
  const { now, before, engines, balancer, log } = change;
  try {
    await engines.follow(now);
    if (now.workers.count !== before.workers.count) await balancer?.resize(now.workers.count);
  } catch (error) {
    log.error({ error }, 'a change of the configuration cannot be followed');
  }
}
