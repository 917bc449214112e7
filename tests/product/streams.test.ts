import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:tls';
import { eventually, freePort, Origin, RawClient, respond, within } from '@dproxy/testkit';
import { expect, it, onTestFinished } from 'vitest';
import { Product } from './product.ts';

/** The most that UDP carries over IPv4. */
const LARGEST = Buffer.alloc(65_507, 'x');

it('serves names of TLS beside HTTPS, ends TLS, and carries UDP, on all workers, while the file changes', async () => {
  await using clear = await Origin.start({
    onConnection: (socket) => void (socket.write('clear') && socket.pipe(socket)),
  });
  await using site = await Origin.start(respond({ body: 'site' }));
  const [own, udpPort, udpBackend] = [await freePort(), await freePort(), await udpEcho()];
  const base = `
routes:
  - { host: site.localhost, to: "http://127.0.0.1:${site.port}" }
tcp:
  - { listen: https, sni: clear.localhost, tls: terminate, to: "127.0.0.1:${clear.port}" }
  - { listen: ${own}, to: "127.0.0.1:${clear.port}" }
`;
  await using product = await Product.start({
    yml: `${base}udp: [{ listen: ${udpPort}, to: "127.0.0.1:${udpBackend.port}", idle: 1s }]\n`,
  });
  const ca = await product.localCa();
  // TLS ends here, with a leaf of the local CA for the name; the site is on the same port.
  const tls = { ca, servername: 'clear.localhost' };
  using first = await eventually(() => RawClient.connect({ port: product.httpsPort, tls }));
  expect((await first.readBytes(5)).toString()).toBe('clear');
  expect((await product.getTls('site.localhost')).body.text).toBe('site');

  // UDP, both workers: each client is one session, and the largest datagram passes.
  for (let count = 0; count < 8; count++) expect(await askUdp(udpPort, LARGEST)).toEqual(LARGEST);
  expect(udpBackend.senders.size).toBe(8);

  // A new entry passes TLS through to a backend with a certificate of its own; the port of the other one closes.
  const own2 = await tlsBackend(product);
  using plain = await RawClient.connect({ port: own });
  expect((await plain.readBytes(5)).toString()).toBe('clear');
  await product.configure(
    base
      .replace(/ {2}- \{ listen: \d+, .*\n/, '')
      .concat(`  - { listen: https, sni: ["own.localhost", "*.own.localhost"], to: "127.0.0.1:${own2.port}" }\n`),
  );
  await eventually(async () => (await whoAnswers(product.httpsPort, 'a.own.localhost')) === 'own');
  await eventually(() => isRefused(own));
  const rows = (await product.api('/streams')).data as { id: string }[];
  expect(rows.map(({ id }) => id)).toEqual(['https/*.own.localhost', 'https/clear.localhost', 'https/own.localhost']);
  expect((await product.cli('routes')).stdout).toContain(
    'https/own.localhost  TLS as it comes -> file:tcp://127.0.0.1:',
  );

  // What was open went on, also on the listener that is gone.
  await first.write('still');
  await plain.write('here');
  expect([(await first.readBytes(5)).toString(), (await plain.readBytes(4)).toString()]).toEqual(['still', 'here']);

  // What cannot be is refused with its line, and changes nothing.
  await product.configure(`${base}  - { listen: http, sni: a.test, to: "127.0.0.1:1" }\n`);
  const refused = await eventually(async () =>
    (await product.rejected()).find(({ message }) => message.includes('http')),
  );
  expect(refused).toMatchObject({
    line: 7,
    message: 'the listener http cannot be tcp: the listener http has it as http, and keeps it',
  });
  expect(await whoAnswers(product.httpsPort, 'clear.localhost')).toBe('clear');
});

async function isRefused(port: number): Promise<boolean> {
  try {
    using _open = await RawClient.connect({ port });
    return false;
  } catch {
    return true;
  }
}

/** The first bytes that a backend says over TLS to this name; empty: it says nothing. */
async function whoAnswers(port: number, servername: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false });
  socket.on('error', () => undefined);
  const said = await Promise.race([once(socket, 'data') as Promise<[Buffer]>, once(socket, 'close').then(() => [''])]);
  socket.destroy();
  return String(said[0]);
}

/** Ends TLS itself, with the key of the local CA's root: nobody checks it here, and dproxy has it nowhere else. */
async function tlsBackend({ state }: Product): Promise<{ readonly port: number; readonly server: Server }> {
  const [cert, key] = [await readFile(`${state}/ca/root.crt`), await readFile(`${state}/ca/root.key`)];
  const server = createServer({ cert, key }, (socket) => {
    socket.on('error', () => undefined);
    socket.write('own');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { port: (server.address() as { port: number }).port, server };
}

async function udpEcho() {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1_048_576 }).bind(0, '127.0.0.1');
  await once(socket, 'listening');
  onTestFinished(() => void socket.close());
  const senders = new Set<number>();
  socket.on('message', (datagram, { port, address }) => {
    senders.add(port);
    socket.send(datagram, port, address);
  });
  return { port: socket.address().port, senders };
}

async function askUdp(port: number, datagram: Buffer): Promise<Buffer> {
  const socket = createSocket('udp4');
  const answer = once(socket, 'message') as Promise<[Buffer]>;
  socket.send(datagram, port, '127.0.0.1');
  const [received] = await within(answer, 'an answer over UDP');
  socket.close();
  return received;
}
