// @ts-check
// Brings node_modules up to date with the lockfile. Plain JavaScript, because it runs on the machine's own Node (20 or newer)
// before the pinned one is there. Called by `prestart` and `pretest`.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, linkSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const stampFile = join(modules, '.dproxy-installed');
const instancesFolder = join(modules, '.dproxy-instances');

const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');

if (!isInstalled()) {
  const release = await takeLock(
    join(tmpdir(), `dproxy-install-${createHash('sha256').update(root).digest('hex').slice(0, 16)}`),
  );
  try {
    if (!isInstalled()) install();
  } catch (error) {
    console.error(`dproxy: ${/** @type {Error} */ (error).message}`);
    process.exitCode = 1;
  } finally {
    release();
  }
}

function isInstalled() {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted;
}

/** @throws {Error} for the user; never ends the process, which holds the lock */
function install() {
  const running = runningInstances();
  if (running.length > 0) {
    throw new Error(
      `the dependencies are not those of package-lock.json, and this checkout is running (pid ${running.join(', ')}).\n` +
        '        Stop it first (`npx dproxy stop`, or Ctrl-C where it runs); installing under it would break it.',
    );
  }
  console.error('dproxy: installing dependencies (npm ci) ...');
  // Said, because a machine may be set to leave them out (NODE_ENV=production, omit=optional): the tools, the pinned node.
  // No dependency of ours needs its install script, and none is trusted with one.
  const include = ['--include=dev', '--include=optional', '--ignore-scripts'];
  const flags = [...include, '--no-fund', '--no-audit', '--loglevel=error'];
  const result = spawnSync('npm', ['ci', ...flags], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    env: { ...process.env, PATH: pathWithoutOurBin() },
  });
  if (result.status !== 0)
    throw new Error(`npm ci failed (${result.error?.message ?? `exit ${result.status}`}); nothing was started.`);
  assertPinnedNodeRuns();
  writeFileSync(stampFile, wanted);
}

/** Node 26 needs libatomic.so.1, which small systems with an older Node do not have. */
function assertPinnedNodeRuns() {
  const failure = tryPinnedNode();
  if (failure === '') return;
  const canInstall = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get') && failure.includes('libatomic');
  if (canInstall && apt('install', 'libatomic1') && tryPinnedNode() === '') return;
  throw new Error(
    `the Node that package-lock.json pins does not run here: ${failure}\n` +
      '        If it misses libatomic.so.1: apt-get install libatomic1 (Debian, Ubuntu), dnf install libatomic (Fedora).',
  );
}

/** @returns {string} why it does not run; empty when it does */
function tryPinnedNode() {
  const { status, stderr, error } = spawnSync(join(modules, '.bin', 'node'), ['--version'], { encoding: 'utf8' });
  return status === 0 ? '' : (error?.message ?? stderr).trim();
}

/** @param {string[]} args */
function apt(...args) {
  console.error(`dproxy: apt-get ${args.join(' ')}`);
  const run = (/** @type {string[]} */ ...words) =>
    spawnSync('apt-get', ['-qq', '-y', '--no-install-recommends', ...words], {
      stdio: ['ignore', 2, 2],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status === 0;
  return run(...args) || (run('update') && run(...args));
}

/** npm must not run on the pinned node, which `npm ci` is about to remove. */
function pathWithoutOurBin() {
  const ours = join(modules, '.bin');
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((entry) => entry !== ours)
    .join(delimiter);
}

/** Each primary leaves a file named by its pid there. */
function runningInstances() {
  if (!existsSync(instancesFolder)) return [];
  return readdirSync(instancesFolder).filter((pid) => /^\d+$/.test(pid) && isAlive(Number(pid)) && hasWritten(pid));
}

/**
 * False: a primary that was killed wrote it, and its pid is another program's now.
 * @param {string} pid
 */
function hasWritten(pid) {
  const startTime = readIfThere(join(instancesFolder, pid));
  const stat = readIfThere(`/proc/${pid}/stat`);
  return startTime === '' || stat === '' || stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] === startTime;
}

/** @param {string} file */
function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/**
 * Waits for other installations of this checkout; a lock whose owner is gone is taken over.
 * @param {string} file
 * @returns {Promise<() => void>}
 */
async function takeLock(file) {
  let isSaid = false;
  for (;;) {
    if (lock(file)) return () => rmSync(file, { force: true });
    const owner = Number(readLock(file));
    if (owner > 0 && !isAlive(owner)) {
      rmSync(file, { force: true });
    } else if (!isSaid) {
      isSaid = true;
      console.error(`dproxy: waiting for another installation (pid ${owner}, lock ${file})`);
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 250);
    });
  }
}

/**
 * With its owner's pid in it from the first moment: a lock without one could never be taken over.
 * @param {string} file
 */
function lock(file) {
  const own = `${file}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(own);
  }
}

/** @param {string} file */
function readLock(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return '';
    throw error;
  }
}
