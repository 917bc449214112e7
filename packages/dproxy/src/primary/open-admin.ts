import { assertListenable, createAdmin, ensureToken } from '@dproxy/admin';
import type { Pm2Balancer } from '@dproxy/cluster';
import type { Settings } from '@dproxy/config';
import type { Explainer, Inspector } from '@dproxy/core';
import type { Metrics } from '../metrics.ts';
import type { PrimaryOptions } from './primary-options.ts';

interface AdminParts {
  readonly balancer: Pm2Balancer;
  readonly inspector: Inspector;
  readonly explainer: Explainer;
  readonly metrics: Metrics;
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
  { balancer, inspector, explainer, metrics, retryCertificate, settings: { api, paths } }: AdminParts,
  opened: AsyncDisposableStack,
): Promise<string> {
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
        readMetrics,
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
  return shown.join('   ');
}
