import { importImages, startEngine, type Engine } from '@dproxy/testkit/docker';
import { afterAll, beforeAll } from 'vitest';
import { losesNothingWhile } from './disturb.ts';
import { engineDisturbances } from './disturbances/engine.ts';
import { ONLY_REPLICA_DISTURBANCES } from './disturbances/only-replica.ts';
import { REPLICA_DISTURBANCES } from './disturbances/replicas.ts';
import { SETTINGS_DISTURBANCES } from './disturbances/settings.ts';
import { killedWithoutEngine, SUPERVISION_DISTURBANCES } from './disturbances/supervision.ts';
import { WORKER_DISTURBANCES } from './disturbances/workers.ts';
import { askTheOnlyOne } from './load/everything.ts';
import { Site } from './site.ts';

const AWAY_SECONDS = process.env['DPROXY_TEST_LONG'] === '1' ? 60 : 3;
/** Of its own: it is killed, too. */
let engine: Engine;
let site: Site;

beforeAll(async () => {
  engine = await startEngine({ keepsContainers: true });
  await importImages(engine);
  site = await Site.start(engine);
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
  await engine.stop();
});

losesNothingWhile([...REPLICA_DISTURBANCES, ...SETTINGS_DISTURBANCES], () => site);
// By now the only replica has been ready for long enough, on workers that are not replaced yet.
losesNothingWhile(ONLY_REPLICA_DISTURBANCES, () => site, askTheOnlyOne);
losesNothingWhile(
  engineDisturbances(
    { shutDown: () => engine.shutDown(), kill: () => engine.kill(), restart: () => engine.restart() },
    AWAY_SECONDS,
  ),
  () => site,
);
losesNothingWhile([killedWithoutEngine({ kill: () => engine.kill(), restart: () => engine.restart() })], () => site);
losesNothingWhile([...WORKER_DISTURBANCES, ...SUPERVISION_DISTURBANCES], () => site);
