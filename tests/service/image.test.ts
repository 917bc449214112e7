// The image as docker/compose.yml runs it: same flags, on the test engine, with its socket in the place of the host's.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, get } from '@dproxy/testkit';
import { runContainer, sharedEngine, type EngineAccess } from '@dproxy/testkit/docker';
import { readCompose, runFlags } from './compose-flags.ts';
import { buildImage, IMAGE, ROOT } from './image.ts';

const NAME = 'dproxy-under-test';
const NETWORK = 'dproxy-front';
const STATE = 'dproxy-state';
const SITE = 'site-of-image-test';
const USER = '10000';

let engine: EngineAccess;

beforeAll(async () => {
  engine = sharedEngine();
  await buildImage(engine);
  await engine.docker('network', 'create', NETWORK);
  await runContainer(engine, { name: SITE, network: NETWORK, labels: { 'dproxy.host': 'site.example.com' } });
  await startDproxy();
});

afterAll(async () => {
  await engine.docker('rm', '-f', '-v', NAME, SITE);
  await engine.docker('network', 'rm', NETWORK);
  await engine.docker('volume', 'rm', '-f', STATE);
});

async function startDproxy(): Promise<void> {
  const { services } = await readCompose(join(ROOT, 'docker/compose.yml'));
  const volumes = services.dproxy.volumes.map((volume) =>
    volume.replace(/^\/var\/run\/docker\.sock:/, `${engine.socketPath}:`).replace(/^state:/, `${STATE}:`),
  );
  const own = ['--name', NAME, '--network', NETWORK, '-p', '127.0.0.1::80', '-p', '127.0.0.1::443'];
  const faster = ['--health-interval=250ms', '--env=DOCKER_PROXY_WORKER_LIMIT=2'];
  await engine.docker('run', '-d', ...own, ...runFlags({ ...services.dproxy, volumes }), ...faster, IMAGE);
}

async function answer(): Promise<string> {
  const published = await engine.docker('port', NAME, '80/tcp');
  const port = Number(published.slice(published.lastIndexOf(':') + 1));
  const { status, body } = await get({ port, name: 'site.example.com' });
  return status === 200 ? body.text : '';
}

async function served(): Promise<string> {
  try {
    return await eventually(answer, { deadlineMs: 90_000, everyMs: 100 });
  } catch (error) {
    throw new Error(await engine.docker('logs', '--tail', '50', NAME), { cause: error });
  }
}

test('a container on the same network answers by its Host through the published port', async () => {
  expect(await served()).toContain(SITE);
});

test('it finds its own container, and the site at its address on the network that both are on', async () => {
  const format = `{{(index .NetworkSettings.Networks "${NETWORK}").IPAddress}}`;
  const address = await engine.docker('inspect', '-f', format, SITE);
  const script = 'fetch("http://127.0.0.1:16000/backends").then((r) => r.text()).then(console.log)';
  // The API opens when the workers serve.
  const backends = await eventually(() => engine.docker('exec', NAME, 'node', '-e', script), { deadlineMs: 90_000 });
  expect(backends).toContain(`"address":"${address}"`);
});

test('nothing but the reaper runs as root, and nothing may gain a privilege', async () => {
  const script =
    'for status in /proc/[0-9]*/status; do sed -n "s/^\\(Name\\|Uid\\|NoNewPrivs\\|CapEff\\):[[:space:]]*//p" $status; echo; done';
  // pm2-runtime, the primary and two workers, the second of which comes after the first answer.
  const served = await eventually(
    async () => {
      const listed = await engine.docker('exec', '--user', USER, NAME, 'sh', '-c', script);
      const processes = listed.split('\n\n').map((block) => block.trim().split('\n'));
      const found = processes.filter(([name = '']) => /node|PM2|dproxy|MainThread/i.test(name));
      return found.length >= 4 ? found : undefined;
    },
    { deadlineMs: 90_000, what: 'four processes' },
  );
  for (const [, uids = '', , noNewPrivileges] of served) {
    expect(uids.split('\t')).toEqual([USER, USER, USER, USER]);
    expect(noNewPrivileges).toBe('1');
  }
});

test('it has nothing to warn of, and becomes healthy', async () => {
  const status = JSON.parse(await engine.docker('exec', NAME, 'dproxy', 'status', '--json')) as { warnings: string[] };
  // tcp_migrate_req is on, for one.
  expect(status.warnings).toEqual([]);
  const lines = (await engine.docker('logs', NAME)).split('\n').filter((line) => line.startsWith('{'));
  expect(lines.map((line) => JSON.parse(line) as { level: number }).filter(({ level }) => level >= 40)).toEqual([]);
  await eventually(async () => (await health()) === 'healthy', { deadlineMs: 90_000, everyMs: 100 });
});

async function health(): Promise<string> {
  return await engine.docker('inspect', '-f', '{{.State.Health.Status}}', NAME);
}

test('after docker kill it comes back with the same volume', async () => {
  await engine.docker('kill', NAME);
  await engine.docker('start', NAME);
  expect(await served()).toContain(SITE);
});

test('docker stop ends it with exit 0 within the grace period', async () => {
  await engine.docker('stop', NAME);
  expect(await engine.docker('inspect', '-f', '{{.State.ExitCode}} {{.State.OOMKilled}}', NAME)).toBe('0 false');
});
