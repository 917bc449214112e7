// What the neighbours' own documents show, typed as there, on a real engine: does it answer? docs/compatibility.md is the list.
import { eventually } from '@dproxy/testkit';
import { sharedEngine } from '@dproxy/testkit/docker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeContainers } from '../product/engine-clean-up.ts';
import { Product } from '../product/product.ts';
import { checkConnection } from './check-connection.ts';
import { checkRequest } from './check-request.ts';
import type { Example } from './example.ts';
import { NEIGHBOURS } from './neighbours.ts';
import { runContainers } from './run-containers.ts';

const engine = sharedEngine();
const ALL = NEIGHBOURS.flatMap(({ examples }) => examples);
const SETTINGS = NEIGHBOURS.map(({ settings = '' }) => settings).join('');

let product: Product;
let rejected: readonly { readonly source: string; readonly message: string }[];

beforeAll(async () => {
  const yml = `https: { redirect: false }\ntcp: { allow: [4, 22, 666] }\ndocker:\n  dialects:\n${SETTINGS}`;
  // One after the other: beside each other dproxy follows every start on its own, which costs more than both.
  await runContainers(engine, ALL);
  product = await Product.start({ engine, yml });
  const wanted = ALL.flatMap(({ containers }) => containers);
  await eventually(async () => {
    const known = (await product.api('/containers')).data as { name: string; state: string }[];
    const states = new Map(known.map(({ name, state }) => [name, state]));
    return wanted.every(({ name, isAsleep }) => states.get(name) === (isAsleep === true ? 'created' : 'running'));
  });
  await product.version();
  rejected = await product.rejected();
});

afterAll(async () => {
  await product[Symbol.asyncDispose]();
  await removeContainers(engine);
});

describe.each(NEIGHBOURS)('$name', ({ examples }) => {
  it.each(examples)('$what: $verdict', async (example) => {
    for (const request of example.requests ?? []) await checkRequest(product, request);
    for (const connection of example.connections ?? []) await checkConnection(product, connection);
    checkRejected(example);
  });
});

function checkRejected({ containers, rejected: expected = [] }: Example): void {
  const sources = new Set(containers.map(({ name }) => `docker:${name}`));
  const messages = rejected.filter(({ source }) => sources.has(source)).map(({ message }) => message);
  for (const part of expected) {
    const isSaid = messages.some((message) => (part instanceof RegExp ? part.test(message) : message.includes(part)));
    expect(isSaid, `${String(part)} in ${JSON.stringify(messages)}`).toBe(true);
  }
  if (expected.length === 0) expect(messages).toEqual([]);
}
