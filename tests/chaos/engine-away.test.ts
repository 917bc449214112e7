import { importImages, startEngine, type Engine } from '@dproxy/testkit/docker';
import { afterAll, beforeAll } from 'vitest';
import { losesNothingWhile } from './disturb.ts';
import { engineDisturbances } from './disturbances/engine.ts';
import { Site } from './site.ts';

const AWAY_SECONDS = process.env['DPROXY_TEST_LONG'] === '1' ? 60 : 3;
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

losesNothingWhile(
  engineDisturbances(
    { shutDown: () => engine.shutDown(), kill: () => engine.kill(), restart: () => engine.restart() },
    AWAY_SECONDS,
  ),
  () => site,
);
