// What the neighbours' own documents show, typed as there, on a real engine: does it answer? docs/compatibility.md is the list.
import { createConnection } from 'node:net';
import { once } from 'node:events';
import { eventually, get, type RawResponse } from '@dproxy/testkit';
import { runContainer, sharedEngine } from '@dproxy/testkit/docker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeContainers } from '../product/engine-clean-up.ts';
import { Product } from '../product/product.ts';
import type { Example, ExampleConnection, ExampleRequest } from './example.ts';
import { NEIGHBOURS } from './neighbours.ts';

const engine = sharedEngine();
let product: Product;
let rejected: readonly { readonly source: string; readonly message: string }[];

const ALL = NEIGHBOURS.flatMap(({ examples }) => examples);

beforeAll(async () => {
  product = await Product.start({ engine, yml: 'https: { redirect: false }\n' });
  const containers = ALL.flatMap((example) => example.containers);
  // One after another: the oldest is the first one here, as it is for replicas and what differs between them.
  for (const container of containers) await runContainer(engine, container);
  await eventually(async () => {
    const known = (await product.api('/containers')).data as { name: string; state: string }[];
    return containers.every(({ name }) => known.some((each) => each.name === name && each.state === 'running'));
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
    for (const request of example.requests ?? []) await checkRequest(request);
    for (const connection of example.connections ?? []) await checkConnection(connection);
    checkRejected(example);
  });
});

async function checkRequest(request: ExampleRequest): Promise<void> {
  const { host, path = '/', status, from, answer = {}, seen } = request;
  const response = await whenStarted(request);
  const where = `${host}${path}`;
  expect(response.status, where).toBe(status);
  if (from !== undefined) expect(response.header('x-origin'), where).toBe(from);
  for (const [name, value] of Object.entries(answer)) {
    const found = response.header(name) ?? null;
    if (value instanceof RegExp) expect(found, `${where}: ${name}`).toMatch(value);
    else expect(found, `${where}: ${name}`).toBe(value);
  }
  if (seen === undefined) return;
  const got = JSON.parse(response.body.text) as { url: string; headers: Record<string, string> };
  if (seen.url !== undefined) expect(got.url, where).toBe(seen.url);
  for (const [name, value] of Object.entries(seen.headers ?? {})) {
    expect(got.headers[name] ?? null, `${where}: the container's ${name}`).toBe(value);
  }
}

/** The program in a container that runs takes a moment until it listens. */
async function whenStarted(request: ExampleRequest): Promise<RawResponse> {
  return await eventually(async () => {
    const response = await ask(request);
    return response.status === 502 && request.status !== 502 ? undefined : response;
  });
}

async function ask({ host, path = '/', headers = '', over = 'http' }: ExampleRequest): Promise<RawResponse> {
  if (over === 'http') return await product.get(host, path, headers);
  if (over === 'https') {
    const tls = { servername: host, ca: await product.localCa() };
    return await get({ port: product.httpsPort, name: host, path, headers, tls });
  }
  return await get({ port: Number(over.slice('http:'.length)), name: host, path, headers });
}

/** Says HTTP to it, since that is what the containers speak: each answers with its name. */
async function checkConnection({ port, from }: ExampleConnection): Promise<void> {
  const seen = new Set<string>();
  await eventually(
    async () => {
      const socket = createConnection({ port, host: '127.0.0.1' });
      socket.on('error', () => undefined);
      socket.end('GET / HTTP/1.1\r\nHost: any\r\nConnection: close\r\n\r\n');
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
      await once(socket, 'close');
      const [, name] = /x-origin: (.*)\r\n/i.exec(text) ?? [];
      if (name !== undefined) seen.add(name);
      return from.every((each) => seen.has(each));
    },
    { what: `connections to port ${port} that reach ${from.join(' and ')}` },
  );
}

function checkRejected({ containers, rejected: expected = [] }: Example): void {
  const sources = new Set(containers.map(({ name }) => `docker:${name}`));
  const messages = rejected.filter(({ source }) => sources.has(source)).map(({ message }) => message);
  for (const part of expected) {
    const isSaid = messages.some((message) => (part instanceof RegExp ? part.test(message) : message.includes(part)));
    expect(isSaid, `${String(part)} in ${JSON.stringify(messages)}`).toBe(true);
  }
  if (expected.length === 0) expect(messages).toEqual([]);
}
