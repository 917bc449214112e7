import type { ContainerMaker } from '@dproxy/core';
import { DockerContainerEngine } from '@dproxy/discovery';
import type { Configuration } from '../configuration.ts';
import { MadeContainers } from '../making/made-containers.ts';
import { MadeFile } from '../making/made-file.ts';
import { statePaths } from '../paths.ts';
import type { PrimaryOptions } from './primary-options.ts';

/** The container API; it opens a connection to an engine only for a call that `api.containers` allows. */
export async function openMaker(
  { loaded, log }: PrimaryOptions,
  configuration: Configuration,
  opened: AsyncDisposableStack,
): Promise<ContainerMaker> {
  const file = new MadeFile(statePaths(loaded.settings.paths.state).madeContainers, log);
  const maker = new MadeContainers({
    file,
    ledger: await file.load(),
    log,
    settings: () => configuration.settings,
    openEngine: (endpoint) => DockerContainerEngine.open(endpoint),
    nowMs: Date.now,
  });
  opened.defer(() => maker.close());
  return maker;
}
