// Builds docker/Dockerfile without a network: the base is a folder with what a Debian image would have, and the modules are
// those of this checkout, without what only developers need.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tempFolder } from '@dproxy/testkit';
import { importFolder, installProgram, type EngineAccess } from '@dproxy/testkit/docker';

export const ROOT = join(import.meta.dirname, '..', '..');
export const IMAGE = 'dproxy-test/dproxy';

const BASE = 'dproxy-test/base';
const MODULES = 'dproxy-test/modules';

/** The image of docker/Dockerfile on the engine; some seconds the first time, nothing when it is there. */
export async function buildImage(engine: EngineAccess): Promise<void> {
  if ((await engine.docker('images', '-q', IMAGE)) !== '') return;
  await Promise.all([importBase(engine), importModules(engine)]);
  const args = ['--build-arg', `BASE_IMAGE=${BASE}`, '--build-arg', `MODULES=${MODULES}`];
  // The full path: a newer client that somebody put before it on PATH may come without BuildKit.
  const client = ['-H', `unix://${engine.socketPath}`, 'build', '-f', join(ROOT, 'docker/Dockerfile'), '-t', IMAGE];
  await promisify(execFile)('/usr/bin/docker', [...client, ...args, ROOT], {
    // Both builders must do; the old one takes five times as long.
    env: { ...process.env, DOCKER_BUILDKIT: process.env['DPROXY_TEST_LONG'] === '1' ? '0' : '1' },
  });
}

const APPLETS = ['cat', 'chmod', 'chown', 'env', 'id', 'mkdir', 'sed', 'sleep', 'stat'];

async function importBase(engine: EngineAccess): Promise<void> {
  await using folder = await tempFolder();
  const root = folder.path;
  await chmod(root, 0o755);
  for (const name of ['bin', 'etc', 'proc', 'usr/bin', 'var']) await mkdir(join(root, name), { recursive: true });
  await mkdir(join(root, 'tmp'));
  await chmod(join(root, 'tmp'), 0o1777);
  await writeFile(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  await writeFile(join(root, 'etc/group'), 'root:x:0:\n');
  await copyFile('/bin/busybox', join(root, 'bin/busybox'));
  for (const applet of APPLETS) await symlink('/bin/busybox', join(root, 'bin', applet));
  await symlink('/bin/busybox', join(root, 'usr/bin/env'));
  // Not busybox's shell: it takes its own setpriv, which cannot change the user.
  await installProgram(root, '/bin/dash', '/bin/sh');
  await installProgram(root, '/usr/bin/setpriv', '/usr/bin/setpriv');
  // For its libraries only: the Node that serves must be the one of node_modules.
  await installProgram(root, process.execPath, '/node');
  await rm(join(root, 'node'));
  await importFolder(engine, { root, image: BASE, changes: [] });
}

async function importModules(engine: EngineAccess): Promise<void> {
  await using folder = await tempFolder();
  const archive = join(folder.path, 'modules.tar');
  const flags = ['--transform', 's,^,opt/dproxy/,S', '--exclude=node_modules/node-linux-*/include'];
  await promisify(execFile)('tar', ['-C', ROOT, '-cf', archive, ...flags, ...(await productionModules())]);
  await engine.docker('import', archive, MODULES);
}

/** What `npm ci --omit=dev` would leave, by the lockfile; links to our own packages among it. */
async function productionModules(): Promise<string[]> {
  const lock = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly dev?: true }>>;
  };
  const nested = Object.keys(lock.packages).filter((path) => /^packages\/.*node_modules/.test(path));
  if (nested.length > 0)
    throw new Error(`docker/Dockerfile copies only the root's node_modules, not ${nested.join(', ')}`);
  const paths = Object.entries(lock.packages)
    .filter(([path, { dev }]) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && dev !== true)
    .map(([path]) => path);
  return ['node_modules/.bin', ...paths].filter((path) => existsSync(join(ROOT, path)));
}
