import { eventually } from '@dproxy/testkit';
import { NODE_IMAGE, runContainer, sharedEngine } from '@dproxy/testkit/docker';
import { expect, it } from 'vitest';
import { startOnEngine } from './on-engine.ts';
import type { BackendRow, Product } from './product.ts';

const engine = sharedEngine();
let product: Product;

startOnEngine(engine, (started) => (product = started));

/** Runs at once, and listens when the file /listen is there: once for each start. */
const PROGRAM = `
const { existsSync, rmSync } = require('node:fs');
const server = require('node:http').createServer((request, response) => response.end('late'));
const waiting = setInterval(() => {
  if (!existsSync('/listen')) return;
  rmSync('/listen');
  clearInterval(waiting);
  server.listen(80);
}, 20);
`;
const REASON = 'it does not listen on port 80 yet: the connection is refused';

async function runLate(name: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
  await runContainer(engine, { name, image: NODE_IMAGE, command: ['/usr/bin/node', '-e', PROGRAM], labels });
}

async function backend(name: string): Promise<BackendRow | undefined> {
  return (await product.backends()).find((each) => each.name === name);
}

async function listen(name: string): Promise<void> {
  await engine.docker('exec', name, 'touch', '/listen');
}

it('sends nothing to a container before its program listens, and says what it waits for', async () => {
  await runLate('late', { 'dproxy.host': 'late.test' });
  const statuses = new Set<number>();
  const asked = eventually(async () => {
    statuses.add(await product.status('late.test'));
    return statuses.has(200);
  });
  await eventually(async () => (await backend('late'))?.reason === REASON);
  expect((await backend('late'))?.state).toBe('starting');
  const { stdout } = await product.cli('explain', 'http://late.test/');
  expect(stdout).toContain(REASON);
  await listen('late');
  await asked;
  expect([...statuses].filter((status) => ![200, 404, 503].includes(status))).toEqual([]);

  await engine.docker('restart', '-t', '0', 'late');
  await eventually(async () => (await backend('late'))?.reason === REASON);
  expect(await product.status('late.test')).toBe(503);
  await listen('late');
  await product.whenStatus('late.test', 200);
});

it('asks nobody who does not want to be asked', async () => {
  await runLate('unasked', { 'dproxy.health': 'none' });
  // It never listens: whoever asked would find it starting for ever.
  const found = await eventually(async () => {
    const row = await backend('unasked');
    return row?.state === 'ready' ? row : undefined;
  });
  expect(found.reason).toBe('');
});
