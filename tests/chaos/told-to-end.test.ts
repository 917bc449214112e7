import { eventually } from '@dproxy/testkit';
import { NODE_IMAGE, sharedEngine } from '@dproxy/testkit/docker';
import { expect, it } from 'vitest';
import { startOnEngine } from '../product/on-engine.ts';
import type { Product } from '../product/product.ts';

const engine = sharedEngine();
const HOST = 'stubborn.test';
/** As process 1 it ignores every signal that it has no handler for, but 9: what it gets is up to dproxy alone. */
const PROGRAM = `require('node:http').createServer((request, response) => response.end(process.env.NAME)).listen(80)`;
let product: Product;

startOnEngine(engine, (started) => (product = started));

it('sends nothing new to a container that was told to end, while another is ready, although it would answer', async () => {
  for (const name of ['one', 'two']) await runStubborn(name);
  await eventually(async () => (await whoAnswers()) === 'one two');
  await engine.docker('kill', '-s', 'HUP', 'two');
  await engine.docker('kill', '-s', 'TERM', 'two');
  const reason = 'it was told to end, and takes no new requests, unless it still runs 601 s later';
  await whenStates('one ready, two draining');
  expect(await product.backends()).toContainEqual(expect.objectContaining({ name: 'two', state: 'draining', reason }));
  expect(await whoAnswers()).toBe('one');
  await engine.docker('kill', '-s', 'TERM', 'one');
  await whenStates('one draining, two draining');
  expect(await whoAnswers()).toBe('one two');
  await engine.docker('restart', '-t', '0', 'two');
  await whenStates('one draining, two ready');
  await eventually(async () => (await whoAnswers()) === 'two');
  await engine.docker('kill', 'two');
  await whenStates('one draining, two stopped');
  expect(await whoAnswers()).toBe('one');
});

async function runStubborn(name: string): Promise<void> {
  const options = ['--name', name, '--env', `NAME=${name}`, '--label', `dproxy.host=${HOST}`, '--stop-timeout', '600'];
  await engine.docker('run', '--detach', ...options, NODE_IMAGE, '/usr/bin/node', '-e', PROGRAM);
}

/** On every worker. */
async function whenStates(expected: string): Promise<void> {
  await eventually(async () => {
    const backends = (await product.backends()).map(({ name, state }) => `${name} ${state}`);
    return backends.sort().join(', ') === expected;
  });
  await product.version();
}

/** Of a dozen requests, each with a connection of its own; what is no answer of theirs is there as its status. */
async function whoAnswers(): Promise<string> {
  const names = new Set<string>();
  for (let request = 0; request < 12; request++) {
    const { status, body } = await product.get(HOST);
    names.add(status === 200 ? body.text : String(status));
  }
  return [...names].sort().join(' ');
}
