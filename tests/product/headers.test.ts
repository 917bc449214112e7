import { hostname } from 'node:os';
import { echo, get, Origin, type Echo, type RawResponse } from '@dproxy/testkit';
import { sharedEngine } from '@dproxy/testkit/docker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { outerAddress } from './outer-address.ts';
import { Product } from './product.ts';

const SPOOFED = [
  'X-Forwarded-For: 203.0.113.7',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Port: 8443',
  'X-Forwarded-Host: shop.example.com',
  'X-Real-IP: 198.51.100.9',
  'X-Debug-Backend: mine',
  'Proxy: http://evil.test',
  '',
].join('\r\n');

let origin: Origin;
let product: Product;

beforeAll(async () => {
  origin = await Origin.start(echo());
  product = await Product.start({ yml: yml(''), workers: 1 });
});
afterAll(async () => {
  await product[Symbol.asyncDispose]();
  await origin.close();
});

function yml(more: string): string {
  return `${more}\nroutes: [{ host: app.test, to: "http://127.0.0.1:${origin.port}" }]\n`;
}

it('tells the backend who asks, for what, and through whom', async () => {
  const seen = received(await product.get('app.test'));
  expect(seen).toMatchObject({
    host: 'app.test',
    'x-real-ip': '127.0.0.1',
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-forwarded-protocol': 'http',
    'x-forwarded-port': String(product.httpPort),
    'x-forwarded-host': 'app.test',
    'x-forwarded-server': hostname(),
  });
  expect(seen['x-debug-backend']).toContain(`127.0.0.1:${origin.port}`);
  expect(seen['x-debug-time-total']).toMatch(/^\d+(\.\d+)?$/);
  expect(seen['x-debug-time-backend']).toMatch(/^\d+(\.\d+)?$/);
  const secure = received(await product.getTls('app.test'));
  expect(secure).toMatchObject({ 'x-forwarded-proto': 'https', 'x-forwarded-port': String(product.httpsPort) });
});

it('believes nothing that an untrusted client says about itself', async () => {
  const seen = received(await product.get('app.test', '/', SPOOFED));
  expect(seen).toMatchObject({
    'x-real-ip': '127.0.0.1',
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-forwarded-port': String(product.httpPort),
    'x-forwarded-host': 'app.test',
  });
  expect(seen['x-debug-backend']).not.toBe('mine');
  expect(seen).not.toHaveProperty('proxy');
});

it('shows the debug headers to a client of this machine that asks, and to nobody else', async () => {
  const asked = lower((await product.get('app.test', '/', 'X-Debug: 1\r\n')).headers);
  expect(asked['x-debug-backend']).toContain(`127.0.0.1:${origin.port}`);
  expect(asked['x-debug-time-total']).toMatch(/^\d+(\.\d+)?$/);
  const others = [
    await product.get('app.test'),
    await product.get('app.test', '/', 'X-Debug: 1\r\nX-Forwarded-For: 203.0.113.7\r\n'),
    await get({
      port: product.httpPort,
      host: await outerAddress(sharedEngine()),
      name: 'app.test',
      headers: 'X-Debug: 1\r\n',
    }),
  ];
  for (const answer of others) {
    expect(answer.status).toBe(200);
    expect(Object.keys(lower(answer.headers)).filter((name) => name.startsWith('x-debug'))).toEqual([]);
  }
});

it('appends to what a trusted proxy says, and keeps its word about scheme, port and host', async () => {
  await using trusting = await Product.start({ yml: yml('trustedProxies: [127.0.0.0/8]'), workers: 1 });
  expect(received(await trusting.get('app.test', '/', SPOOFED))).toMatchObject({
    'x-real-ip': '203.0.113.7',
    'x-forwarded-for': '203.0.113.7, 127.0.0.1',
    'x-forwarded-proto': 'https',
    'x-forwarded-protocol': 'https',
    'x-forwarded-port': '8443',
    'x-forwarded-host': 'shop.example.com',
    host: 'app.test',
  });
  const malformed = 'X-Forwarded-Proto: gopher\r\nX-Forwarded-Port: many\r\nX-Forwarded-Host: a b\r\n';
  expect(received(await trusting.get('app.test', '/', malformed))).toMatchObject({
    'x-forwarded-proto': 'http',
    'x-forwarded-port': String(trusting.httpPort),
    'x-forwarded-host': 'app.test',
  });
  // Switched off while it serves.
  await trusting.configure(yml('headers: { debug: false }'));
  await expect
    .poll(async () =>
      Object.keys(received(await trusting.get('app.test'))).filter((name) => name.startsWith('x-debug')),
    )
    .toEqual([]);
});

/** Headers that the backend got; a repeated one would show as a list. */
function received(answer: RawResponse): Record<string, string> {
  return lower((JSON.parse(answer.body.text) as Echo).headers);
}

function lower(headers: readonly (readonly [string, string])[]): Record<string, string> {
  const all: Record<string, string> = {};
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    all[key] = key in all ? `${all[key]} AND ${value}` : value;
  }
  return all;
}
