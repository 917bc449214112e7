import { createServer, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { eventually } from '@dproxy/testkit';
import { Pebble } from '@dproxy/testkit/acme';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AcmeSite } from './acme-site.ts';
import type { Product } from './product.ts';

let pebble: Pebble;
let site: AcmeSite;
let product: Product;

// Pebble asks on 80 and 443, as real authorities do: no Product of another file runs at the same time.
beforeAll(async () => {
  pebble = await Pebble.start({ httpPort: 80, tlsPort: 443 });
  site = await AcmeSite.start(pebble, ['first.example.com']);
  ({ product } = site);
});
afterAll(async () => {
  await product[Symbol.asyncDispose]();
  await pebble[Symbol.asyncDispose]();
});

it('orders one certificate for a new route by http-01, serves it on every worker, and sends to HTTPS', async () => {
  const view = await site.whenState('first.example.com', 'valid');
  expect(view.issuer).toContain('Pebble');
  await eventually(async () =>
    (await product.allOf(() => site.leafOf('first.example.com'))).every(
      ({ subjectAltName }) => subjectAltName === 'DNS:first.example.com',
    ),
  );
  for (let connection = 0; connection < 10; connection++) {
    expect((await site.leafOf('first.example.com')).fingerprint256.replaceAll(':', '').toLowerCase()).toBe(view.id);
  }
  expect(pebble.requests('order-plz')).toBe(1);
  const redirect = await product.get('first.example.com', '/a?b=c');
  expect([redirect.status, redirect.header('location')]).toEqual([308, 'https://first.example.com/a?b=c']);
  expect(await site.views('first.example.com')).toHaveLength(1);
});

it('proves a name by tls-alpn-01', async () => {
  await product.configure(site.yml(['first.example.com', 'alpn.example.com'], '  challenges: tls-alpn-01\n'));
  await site.whenState('alpn.example.com', 'valid');
  await eventually(async () => (await site.leafOf('alpn.example.com')).checkHost('alpn.example.com') !== undefined);
});

it('orders a wildcard by dns-01 with a hook, and nothing for names that it covers', async () => {
  await using hook = await startHook();
  const dns = `  challenges: dns-01\n  dns: { provider: httpreq, endpoint: "${hook.url}", propagationCheck: "false" }\n`;
  const orders = pebble.requests('order-plz');
  await product.configure(site.yml(['*.wild.example.com', 'one.wild.example.com', 'two.wild.example.com'], dns));
  await site.whenState('*.wild.example.com', 'valid');
  await eventually(async () => (await site.leafOf('two.wild.example.com')).subjectAltName === 'DNS:*.wild.example.com');
  expect(pebble.requests('order-plz')).toBe(orders + 1);
});

it('does not ask the authority for a name that leads elsewhere, says what to do, and goes on when told', async () => {
  await pebble.dns.setAddresses('elsewhere.example.com', ['127.0.0.77']);
  const elsewhere = createServer((_request, response) => response.writeHead(404).end('not dproxy'));
  elsewhere.listen(80, '127.0.0.77');
  await once(elsewhere, 'listening');
  const orders = pebble.requests('order-plz');
  await product.configure(site.yml(['elsewhere.example.com']));
  const failed = await site.whenState('elsewhere.example.com', 'failed');
  elsewhere.close();
  expect(failed.problem).toContain('127.0.0.77');
  expect(failed.advice).not.toBe('');
  expect(failed.nextAttemptMs).toBeGreaterThan(Date.now());
  expect(pebble.requests('order-plz')).toBe(orders);
  await pebble.dns.setAddresses('elsewhere.example.com', ['127.0.0.1']);
  const retried = await product.cli('certificates', '--retry', 'elsewhere.example.com');
  expect(retried).toMatchObject({ code: 0, stderr: '' });
  await site.whenState('elsewhere.example.com', 'valid');
});

it('orders nothing again after a restart', async () => {
  await product.configure(site.yml(['first.example.com']));
  const before = await eventually(() => site.leafOf('first.example.com'));
  const orders = pebble.requests('order-plz');
  expect(await product.exit('SIGTERM')).toBe(0);
  product.run();
  await product.whenReady();
  const after = await eventually(() => site.leafOf('first.example.com'));
  expect(after.fingerprint256).toBe(before.fingerprint256);
  expect(pebble.requests('order-plz')).toBe(orders);
});

it('orders on demand only what the operator allows, while the handshake waits', async () => {
  const onDemand = '  onDemand: { allow: ["*.shop.example.com"] }\n';
  await product.configure(site.yml(['*.example.com'], onDemand));
  await product.version();
  await product.whenStatus('x.shop.example.com', 200);
  const orders = pebble.requests('order-plz');
  expect((await site.leafOf('x.shop.example.com')).subjectAltName).toBe('DNS:x.shop.example.com');
  expect(pebble.requests('order-plz')).toBe(orders + 1);
  // Its certificate is the local CA's, which Pebble's root does not vouch for.
  await expect(site.leafOf('other.example.com')).rejects.toThrow();
  expect(pebble.requests('order-plz')).toBe(orders + 1);
});

/** lego's httpreq, answered by the DNS server of the test. */
async function startHook(): Promise<{ url: string } & AsyncDisposable> {
  const server = createServer((request, response) => {
    void answer(request).finally(() => response.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function answer(request: IncomingMessage): Promise<void> {
  const { fqdn, value } = JSON.parse(await text(request)) as { fqdn: string; value: string };
  const name = fqdn.replace(/\.$/, '');
  if (request.url === '/present') await pebble.dns.addTxt(name, value);
  else await pebble.dns.clearTxt(name);
}
