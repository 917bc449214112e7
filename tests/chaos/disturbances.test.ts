import { sharedEngine } from '@dproxy/testkit/docker';
import { afterAll, beforeAll } from 'vitest';
import { removeContainers } from '../product/engine-clean-up.ts';
import { losesNothingWhile } from './disturb.ts';
import { ONLY_REPLICA_DISTURBANCES } from './disturbances/only-replica.ts';
import { REPLICA_DISTURBANCES } from './disturbances/replicas.ts';
import { SETTINGS_DISTURBANCES } from './disturbances/settings.ts';
import { SUPERVISION_DISTURBANCES } from './disturbances/supervision.ts';
import { WORKER_DISTURBANCES } from './disturbances/workers.ts';
import { askTheOnlyOne } from './load/everything.ts';
import { Site } from './site.ts';

const engine = sharedEngine();
let site: Site;

beforeAll(async () => {
  site = await Site.start(engine);
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
  await removeContainers(engine);
});

losesNothingWhile(REPLICA_DISTURBANCES, () => site);
// By now the only replica has been ready for long enough, on workers that are not replaced yet.
losesNothingWhile(ONLY_REPLICA_DISTURBANCES, () => site, askTheOnlyOne);
losesNothingWhile([...SETTINGS_DISTURBANCES, ...WORKER_DISTURBANCES, ...SUPERVISION_DISTURBANCES], () => site);
