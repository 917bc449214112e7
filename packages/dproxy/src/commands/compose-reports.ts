import { resolve } from 'node:path';
import { AdminError, type RouteRow } from '@dproxy/admin/client';
import type { DiscoverySettings } from '@dproxy/discovery';
import { assessCompose, type ComposeReport } from '../compose/assess-compose.ts';
import { printable } from '../compose/report-lines.ts';
import { readCompose } from '../compose/read-compose.ts';
import { HtpasswdFolder } from '../htpasswd-folder.ts';
import { nginxProxyFacts } from '../nginx-proxy-facts.ts';
import { adminClient, type Context } from './context.ts';
import { failure } from './failure.ts';
import { readText } from './read-text.ts';
import { stderrLog } from './stderr-log.ts';

/** What each compose file means to dproxy, with the settings that this command line names. */
export async function composeReports(
  context: Context,
  files: readonly string[],
  served: readonly RouteRow[] | undefined,
): Promise<readonly ComposeReport[]> {
  const discovery = await discoverySettings(context);
  const environment = new Map(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  return files.map((file) => {
    const path = resolve(file);
    const text = readText(path);
    if (text === undefined) throw failure(`${file} cannot be read`);
    try {
      const compose = readCompose({ path, text, environment, readText });
      return assessCompose(compose, { settings: context.loaded.settings, discovery, served });
    } catch (error) {
      if (error instanceof TypeError) throw failure(printable(`${file}: ${error.message}`));
      throw error;
    }
  });
}

/** Undefined: no dproxy runs, so that there is nothing to compare with. */
export async function servedRoutes(context: Context): Promise<readonly RouteRow[] | undefined> {
  try {
    return await (await adminClient(context)).routes();
  } catch (error) {
    if (error instanceof AdminError && error.reason === 'not-running') return undefined;
    throw error;
  }
}

async function discoverySettings({ loaded: { settings } }: Context): Promise<DiscoverySettings> {
  const { trustImages, exposedByDefault, dialects } = settings.docker;
  const folder = new HtpasswdFolder(stderrLog, () => undefined);
  try {
    return {
      trustImages,
      exposedByDefault,
      dialects: { ...dialects, nginxProxy: await nginxProxyFacts(settings, folder) },
      isOwnedByProject: settings.ownership === 'project',
      wake: settings.wake,
      listeners: settings.listeners.map(({ id }) => id),
      ownContainerId: '',
      hostReachesBridges: true,
    };
  } finally {
    folder.stop();
  }
}
