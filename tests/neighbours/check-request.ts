import { eventually, exchange, type RawResponse } from '@dproxy/testkit';
import { expect } from 'vitest';
import type { Product } from '../product/product.ts';
import type { ExampleRequest } from './example.ts';

/** What the node origin says that it got. */
interface Got {
  readonly url: string;
  readonly localPort: number;
  readonly headers: Readonly<Record<string, string>>;
}

export async function checkRequest(product: Product, request: ExampleRequest): Promise<void> {
  const { host, path = '/', status, from, body, answer = {}, seen } = request;
  const where = `${request.over ?? 'http'} ${host}${path}`;
  const response = await (request.eventually === true ? askUntil(product, request) : ask(product, request));
  expect(response.status, where).toBe(status);
  if (typeof from === 'string') expect(response.header('x-origin'), where).toBe(from);
  else if (from !== undefined) await checkShared(product, request, from);
  if (request.sticks === true) await checkSticks(product, request, response);
  if (body !== undefined) expect(response.body.text, where).toContain(body);
  for (const [name, value] of Object.entries(answer)) {
    const found = response.header(name) ?? null;
    if (value instanceof RegExp) expect(found, `${where}: ${name}`).toMatch(value);
    else expect(found, `${where}: ${name}`).toBe(value);
  }
  if (seen === undefined) return;
  const got = JSON.parse(response.body.text) as Got;
  if (seen.url !== undefined) expect(got.url, where).toBe(seen.url);
  if (seen.port !== undefined) expect(got.localPort, where).toBe(seen.port);
  for (const [name, value] of Object.entries(seen.headers ?? {})) {
    expect(got.headers[name] ?? null, `${where}: the container's ${name}`).toBe(value);
  }
}

/** Workers take turns on their own: how often to ask until everybody had one is nobody's promise. */
async function checkShared(product: Product, request: ExampleRequest, names: readonly string[]): Promise<void> {
  const seen = new Set<string>();
  await eventually(
    async () => {
      seen.add((await ask(product, request)).header('x-origin') ?? 'nobody');
      return names.every((name) => seen.has(name));
    },
    { what: `answers of ${names.join(' and ')}` },
  );
  expect([...seen].toSorted()).toEqual([...names].toSorted());
}

/** As often as luck alone would not do. */
async function checkSticks(product: Product, request: ExampleRequest, first: RawResponse): Promise<void> {
  const [cookie] = (first.header('set-cookie') ?? '').split(';', 1);
  for (let count = 0; count < 10; count += 1) {
    const again = await ask(product, { ...request, headers: `Cookie: ${cookie}\r\n` });
    expect(again.header('x-origin')).toBe(first.header('x-origin'));
  }
}

async function askUntil(product: Product, request: ExampleRequest): Promise<RawResponse> {
  return await eventually(
    async () => {
      const response = await ask(product, request);
      return response.status === request.status ? response : undefined;
    },
    { what: `${request.status} of ${request.host}` },
  );
}

async function ask(product: Product, request: ExampleRequest): Promise<RawResponse> {
  const { host, path = '/', headers = '', method = 'GET', over = 'http' } = request;
  const [scheme, ownPort] = over.split(':', 2);
  const isTls = scheme === 'https';
  const port = Number(ownPort ?? (isTls ? product.httpsPort : product.httpPort));
  return await exchange({
    port,
    ...(isTls ? { tls: { servername: host, ca: await product.localCa() } } : {}),
    request: `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${headers}Connection: close\r\n\r\n`,
  });
}
