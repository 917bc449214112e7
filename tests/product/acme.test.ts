import { X509Certificate } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import type { CertificateView } from '@dproxy/core';
import { eventually, within } from '@dproxy/testkit';
import { Pebble } from '@dproxy/testkit/acme';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Product } from './product.ts';

let pebble: Pebble;
let product: Product;

// Pebble asks on 80 and 443, as real authorities do: no Product of another file runs at the same time.
beforeAll(async () => {
  pebble = await Pebble.start({ httpPort: 80, tlsPort: 443 });
  const env = { DOCKER_PROXY_HOSTNAME: '127.0.0.1' };
  product = await Product.start({ yml: yml(['first.example.com']), hasPublicPorts: true, env });
});
afterAll(async () => {
  await product[Symbol.asyncDispose]();
  await pebble[Symbol.asyncDispose]();
});

function yml(hosts: readonly string[], acme = ''): string {
  const routes = hosts.map((host) => `  - { host: "${host}", respond: { body: "${host}" } }\n`).join('');
  const directory = `{ url: "${pebble.directory}", name: pebble, caFile: "${pebble.caFile}" }`;
  return `routes:\n${routes}acme:\n  email: me@example.com\n  directory: ${directory}\n  resolvers: ["${pebble.dns.dnsAddress}"]\n${acme}`;
}

async function views(name: string): Promise<readonly CertificateView[]> {
  const all = (await product.api('/certificates')).data as readonly CertificateView[];
  return all.filter(({ names }) => names.includes(name));
}

async function whenState(name: string, state: CertificateView['state']): Promise<CertificateView> {
  const deadline = { deadlineMs: 25_000, everyMs: 50, what: `${name} being ${state}` };
  return await eventually(
    async () => (await views(name)).find((view) => view.state === state && view.kind === 'acme'),
    deadline,
  ).catch(async (cause: unknown) => {
    throw new Error(`${JSON.stringify(await views(name))}\n${product.output.slice(-3_000)}`, { cause });
  });
}

/** What a browser would see: the leaf, after its chain and its name were verified against Pebble's root. */
async function leafOf(name: string): Promise<X509Certificate> {
  const options = { host: '127.0.0.1', port: product.httpsPort, servername: name, ca: await pebble.rootPem() };
  const socket = connect(options);
  try {
    await within(once(socket, 'secureConnect'), 'a handshake');
    return new X509Certificate(socket.getPeerX509Certificate()?.raw ?? '');
  } finally {
    socket.destroy();
  }
}

it('orders one certificate for a new route by http-01, serves it on every worker, and sends to HTTPS', async () => {
  const view = await whenState('first.example.com', 'valid');
  expect(view.issuer).toContain('Pebble');
  await eventually(async () => (await leafOf('first.example.com')).subjectAltName === 'DNS:first.example.com');
  await product.version();
  for (let connection = 0; connection < 10; connection++) {
    expect((await leafOf('first.example.com')).fingerprint256.replaceAll(':', '').toLowerCase()).toBe(view.id);
  }
  expect(pebble.requests('order-plz')).toBe(1);
  const redirect = await product.get('first.example.com', '/a?b=c');
  expect([redirect.status, redirect.header('location')]).toEqual([308, 'https://first.example.com/a?b=c']);
  expect(await views('first.example.com')).toHaveLength(1);
});

it('proves a name by tls-alpn-01', async () => {
  await product.configure(yml(['first.example.com', 'alpn.example.com'], '  challenges: tls-alpn-01\n'));
  await whenState('alpn.example.com', 'valid');
  await eventually(async () => (await leafOf('alpn.example.com')).checkHost('alpn.example.com') !== undefined);
});

it('orders a wildcard by dns-01 with a hook, and nothing for names that it covers', async () => {
  await using hook = await startHook();
  const dns = `  challenges: dns-01\n  dns: { provider: httpreq, endpoint: "${hook.url}", propagationCheck: "false" }\n`;
  const orders = pebble.requests('order-plz');
  await product.configure(yml(['*.wild.example.com', 'one.wild.example.com', 'two.wild.example.com'], dns));
  await whenState('*.wild.example.com', 'valid');
  await eventually(async () => (await leafOf('two.wild.example.com')).subjectAltName === 'DNS:*.wild.example.com');
  expect(pebble.requests('order-plz')).toBe(orders + 1);
});

it('does not ask the authority for a name that leads elsewhere, says what to do, and goes on when told', async () => {
  await pebble.dns.setAddresses('elsewhere.example.com', ['127.0.0.77']);
  const elsewhere = createServer((_request, response) => response.writeHead(404).end('not dproxy'));
  elsewhere.listen(80, '127.0.0.77');
  await once(elsewhere, 'listening');
  const orders = pebble.requests('order-plz');
  await product.configure(yml(['elsewhere.example.com']));
  const failed = await whenState('elsewhere.example.com', 'failed');
  elsewhere.close();
  expect(failed.problem).toContain('127.0.0.77');
  expect(failed.advice).not.toBe('');
  expect(failed.nextAttemptMs).toBeGreaterThan(Date.now());
  expect(pebble.requests('order-plz')).toBe(orders);
  await pebble.dns.setAddresses('elsewhere.example.com', ['127.0.0.1']);
  const retried = await product.cli('certificates', '--retry', 'elsewhere.example.com');
  expect(retried).toMatchObject({ code: 0, stderr: '' });
  await whenState('elsewhere.example.com', 'valid');
});

it('orders nothing again after a restart', async () => {
  await product.configure(yml(['first.example.com']));
  const before = await eventually(() => leafOf('first.example.com'));
  const orders = pebble.requests('order-plz');
  expect(await product.exit('SIGTERM')).toBe(0);
  product.run();
  await product.whenReady();
  const after = await eventually(() => leafOf('first.example.com'));
  expect(after.fingerprint256).toBe(before.fingerprint256);
  expect(pebble.requests('order-plz')).toBe(orders);
});

it('orders on demand only what the operator allows, while the handshake waits', async () => {
  const onDemand = '  onDemand: { allow: ["*.shop.example.com"] }\n';
  await product.configure(yml(['*.example.com'], onDemand));
  await product.version();
  await eventually(async () => (await product.get('x.shop.example.com')).status === 200);
  const orders = pebble.requests('order-plz');
  expect((await leafOf('x.shop.example.com')).subjectAltName).toBe('DNS:x.shop.example.com');
  expect(pebble.requests('order-plz')).toBe(orders + 1);
  // Its certificate is the local CA's, which Pebble's root does not vouch for.
  await expect(leafOf('other.example.com')).rejects.toThrow();
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
