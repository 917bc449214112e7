import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { EngineAccess } from './engine.ts';
import { runCommand } from '../run-command.ts';

/** busybox's httpd on port 80, serving /www; `name.txt` there is for the test to write. Starts in a blink. */
export const BUSYBOX_IMAGE = 'dproxy-test/busybox';
/** container-origin.ts on this checkout's own node, port 80. */
export const NODE_IMAGE = 'dproxy-test/node';

/** Makes both images by `docker import` from a folder: no registry is asked, nothing is downloaded. */
export async function importImages(engine: EngineAccess): Promise<void> {
  await importBusybox(engine);
  await importNode(engine);
}

export async function importBusybox(engine: EngineAccess): Promise<void> {
  await withRootFolder(async (root) => {
    await installBusybox(root);
    await importFolder(engine, {
      root,
      image: BUSYBOX_IMAGE,
      changes: ['CMD ["/bin/httpd","-f","-p","80","-h","/www"]', 'EXPOSE 80'],
    });
  });
}

async function importNode(engine: EngineAccess): Promise<void> {
  await withRootFolder(async (root) => {
    await installBusybox(root);
    await installProgram(root, process.execPath, '/usr/bin/node');
    await mkdir(join(root, 'app'));
    await copyFile(join(import.meta.dirname, 'fixtures', 'container-origin.ts'), join(root, 'app', 'origin.ts'));
    await importFolder(engine, {
      root,
      image: NODE_IMAGE,
      changes: ['CMD ["/usr/bin/node","/app/origin.ts"]', 'EXPOSE 80'],
    });
  });
}

/** An image with more of it baked in (`LABEL dproxy.host=x`, `ENV ...`), on top of busybox's. */
export async function bakeImage(engine: EngineAccess, image: string, changes: readonly string[]): Promise<void> {
  const container = await engine.docker('create', BUSYBOX_IMAGE);
  await engine.docker('commit', ...changes.flatMap((change) => ['--change', change]), container, image);
  await engine.docker('rm', container);
}

export interface FolderImage {
  readonly root: string;
  readonly image: string;
  /** Dockerfile lines: CMD, ENV, EXPOSE, LABEL and so on. */
  readonly changes: readonly string[];
}

/** `tar` of a folder into `docker import`. */
export async function importFolder(engine: EngineAccess, { root, image, changes }: FolderImage): Promise<void> {
  const flags = changes.flatMap((change) => ['--change', change]);
  const tar = spawn('tar', ['-C', root, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const load = spawn('docker', ['-H', `unix://${engine.socketPath}`, 'import', ...flags, '-', image], {
    stdio: [tar.stdout, 'ignore', 'inherit'],
  });
  const [[tarCode], [loadCode]] = (await Promise.all([once(tar, 'exit'), once(load, 'exit')])) as [[number], [number]];
  if (tarCode !== 0 || loadCode !== 0)
    throw new Error(`docker import of ${image} ended with ${tarCode} and ${loadCode}`);
}

async function withRootFolder(work: (root: string) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'dproxy-image-'));
  try {
    // 0755: mkdtemp's 0700 would become the mode of the container's root folder.
    await chmod(root, 0o755);
    for (const folder of ['bin', 'etc', 'tmp', 'usr', 'usr/bin', 'www']) await mkdir(join(root, folder));
    await writeFile(join(root, 'etc', 'passwd'), 'root:x:0:0:root:/:/bin/sh\n');
    await writeFile(join(root, 'www', 'index.html'), 'busybox\n');
    await work(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

const APPLETS = [
  'cat',
  'echo',
  'hostname',
  'httpd',
  'ip',
  'kill',
  'ls',
  'mkdir',
  'nc',
  'ps',
  'rm',
  'sh',
  'sleep',
  'test',
  'touch',
  'wget',
];

async function installBusybox(root: string): Promise<void> {
  await copyFile('/bin/busybox', join(root, 'bin', 'busybox'));
  for (const applet of APPLETS) await symlink('busybox', join(root, 'bin', applet));
}

/** Copies a dynamically linked program with its loader and shared libraries, at the paths that it looks for them. */
export async function installProgram(root: string, program: string, target: string): Promise<void> {
  const real = await realpath(program);
  await mkdir(dirname(join(root, target)), { recursive: true });
  await copyFile(real, join(root, target));
  const libraries = (await runCommand('ldd', [real])).matchAll(/(?:=> )?(\/\S+) \(0x/g);
  for (const [, library = ''] of libraries) {
    await mkdir(dirname(join(root, library)), { recursive: true });
    await copyFile(await realpath(library), join(root, library));
  }
}
