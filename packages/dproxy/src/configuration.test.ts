import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LocalAuthority } from '@dproxy/certs';
import { gatherFacts, loadSettings } from '@dproxy/config';
import { silentLog, type Snapshot } from '@dproxy/core';
import { eventually, freePort, tempFolder } from '@dproxy/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { Configuration } from './configuration.ts';
import { ControlPlane } from './control-plane.ts';

/** A configuration that follows a real file, and every table that was published. */
async function start(yml: string) {
  const folder = await tempFolder('dp-');
  const path = join(folder.path, 'dproxy.yml');
  await writeFile(path, yml);
  const published: Snapshot[] = [];
  const plane = new ControlPlane({
    log: silentLog,
    authority: await LocalAuthority.open({ directory: join(folder.path, 'ca'), log: silentLog, now: Date.now }),
    nowMs: Date.now,
    previous: undefined,
    ledger: new Map(),
    publish: (snapshot) => published.push(snapshot),
    saveLedger: () => {},
  });
  const facts = gatherFacts(folder.path);
  const env = {
    DOCKER_PROXY_CONFIG_PATH: path,
    DOCKER_PROXY_STATE_PATH: folder.path,
    DOCKER_PROXY_PORT: String(await freePort()),
    DOCKER_PROXY_SSL_PORT: String(await freePort()),
  };
  const configuration = new Configuration({
    loaded: loadSettings({ env, flags: {}, facts, nowMs: Date.now() }),
    facts,
    plane,
    log: silentLog,
    ownPorts: () => new Set(),
    hasEngine: () => false,
    onSettings: () => {},
  });
  onTestFinished(async () => {
    await configuration.stop();
    await plane.close();
    await folder.remove();
  });
  await configuration.start();
  await plane.open();
  return { published, save: (text: string) => writeFile(path, text), folder: folder.path };
}

const ROUTE = 'routes:\n  - { host: secret.test, respond: { body: secret } }\n';
const POLICY = 'tls:\n  hosts:\n    - { host: secret.test, clientCertificates: { ca: absent.pem } }\n';

test('a route and the policy of its host come and go in one table', async () => {
  const { published, save } = await start('routes: []\n');
  const isServed = (): boolean | undefined => published.at(-1)?.routes.has('secret.test/');
  // Files to read, so that the policies take their time.
  const others = Array.from({ length: 100 }, (_, index) => {
    return `    - { host: h${index}.test, clientCertificates: { ca: absent-${index}.pem } }\n`;
  });
  await save(ROUTE + POLICY + others.join(''));
  await eventually(() => isServed() === true, { what: 'the route' });
  await save('routes: []\n');
  await eventually(() => isServed() === false, { what: 'the end of the route' });
  const tables = published.map(({ routes, tlsPolicies }) => [
    routes.has('secret.test/'),
    tlsPolicies.has('secret.test'),
  ]);
  expect(tables.filter(([hasRoute, hasPolicy]) => hasRoute !== hasPolicy)).toEqual([]);
});

test('the file of the authorities is followed', async () => {
  const { published, save, folder } = await start(ROUTE + POLICY);
  const policy = () => published.at(-1)?.tlsPolicies.get('secret.test');
  expect(policy()).toMatchObject({ clientCertificates: 'require', clientCaPem: '' });
  const pem = await LocalAuthority.open({ directory: join(folder, 'clients'), log: silentLog, now: Date.now });
  await writeFile(join(folder, 'absent.pem'), pem.rootPem);
  await eventually(() => policy()?.clientCaPem !== '', { what: 'the authority' });
  await save(ROUTE);
  await eventually(() => policy() === undefined, { what: 'the end of the policy' });
});
