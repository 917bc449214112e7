import { assertListenable, createAdmin, createStatisticsServer, ensureToken } from '@dproxy/admin';
import type { Pm2Balancer } from '@dproxy/cluster';
import type { Settings } from '@dproxy/config';
import type { ContainerMaker, Explainer, Inspector, Log, StatisticsReader } from '@dproxy/core';
import type { Metrics } from '../metrics.ts';
import type { PrimaryOptions } from './primary-options.ts';

interface AdminParts {
  readonly balancer: Pm2Balancer;
  readonly inspector: Inspector;
  readonly explainer: Explainer;
  readonly maker: ContainerMaker;
  readonly metrics: Metrics;
  readonly statistics: StatisticsReader;
  readonly retryCertificate: (host: string) => boolean;
  readonly settings: Settings;
}

/**
 * A port that is taken now does not end a primary whose workers serve: it is said, and the rest goes on. (`dproxy start` has
 * looked before.)
 * @returns where it listens, for people
 */
export async function openAdmin(
  { log }: PrimaryOptions,
  { balancer, inspector, explainer, maker, metrics, statistics, retryCertificate, settings }: AdminParts,
  opened: AsyncDisposableStack,
): Promise<string> {
  const { api, paths } = settings;
  const token = api.token === '' ? await ensureToken(paths.apiToken) : api.token;
  const readMetrics = (): Promise<string> => metrics.read();
  const shown = await Promise.all(
    api.addresses.map(async ({ host, port }) => {
      // Beyond loopback only with a token that somebody chose, not with the one that we wrote ourselves.
      assertListenable(host, api.token);
      const admin = createAdmin({
        balancer,
        inspector,
        explainer,
        maker,
        readMetrics,
        statistics,
        retryCertificate,
        token,
        tokenAlways: api.tokenAlways,
        log,
      });
      opened.defer(() => admin.close());
      try {
        const bound = await admin.listen(host, port);
        return `http://${bound.host.includes(':') ? `[${bound.host}]` : bound.host}:${bound.port}`;
      } catch (error) {
        log.error({ error, host, port }, 'the admin API cannot listen');
        return `none: ${(error as Error).message}`;
      }
    }),
  );
  await openStatistics({ log, statistics, token, settings }, opened);
  return shown.join('   ');
}

interface StatisticsParts {
  readonly log: Log;
  readonly statistics: StatisticsReader;
  readonly token: string;
  readonly settings: Settings;
}

/** A port that nobody asked for and that cannot be had (1 needs a privilege) is no news. */
async function openStatistics(
  { log, statistics, token, settings: { statistics: own, api } }: StatisticsParts,
  opened: AsyncDisposableStack,
): Promise<void> {
  for (const { host, port } of own.addresses) {
    // oxlint-disable-next-line no-await-in-loop -- one address, as a rule
    await listenForStatistics({ host: assertListenable(host, api.token), port });
  }

  async function listenForStatistics(address: { readonly host: string; readonly port: number }): Promise<void> {
    const server = createStatisticsServer({ statistics, token, log, now: Date.now });
    try {
      await server.listen(address);
      opened.defer(() => server.close());
      log.info(address, 'the statistics page listens');
    } catch (error) {
      await server.close();
      log[own.isNamed ? 'error' : 'debug']({ err: error, ...address }, 'the statistics page cannot listen');
    }
  }
}
