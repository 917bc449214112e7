import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { freePort } from '@dproxy/testkit';
import { DnsTestServer } from '@dproxy/testkit/dns';
import { ask } from './ask.ts';
import { exchangeTcp, ServerSilent } from './exchange.ts';
import { MalformedMessage } from './malformed-message.ts';
import { TYPE } from './message.ts';

const signal = new AbortController().signal;
const options = { timeoutMs: 2_000, signal, isRecursive: false };

it('reads the answer of a name server', async () => {
  await using server = await DnsTestServer.start();
  server.zones.push('example.test');
  server.add({ name: 'example.test', type: 'TXT', value: 'hello' });
  const answer = await ask({ host: '127.0.0.1', port: server.port }, 'example.test', TYPE.txt, options);
  expect(answer).toMatchObject({ rcode: 'NOERROR', isAuthoritative: true, answers: [{ value: 'hello' }] });
});

it('ignores what does not answer its question, as forgers send it', async () => {
  const udp = createSocket('udp4');
  udp.bind(0, '127.0.0.1');
  await once(udp, 'listening');
  udp.on('message', (query, { port, address }) => {
    const answer = Buffer.from(query);
    answer.writeUInt16BE(0x8400, 2);
    const wrongId = Buffer.from(answer);
    wrongId.writeUInt16BE((query.readUInt16BE(0) + 1) & 0xff_ff, 0);
    const wrongName = Buffer.from(answer);
    wrongName.write('X', 13, 'latin1');
    const notAnAnswer = Buffer.from(query);
    for (const bytes of [Buffer.from('noise'), wrongId, wrongName, notAnAnswer]) udp.send(bytes, port, address);
    answer.writeUInt16BE(0x8403, 2);
    udp.send(answer, port, address);
  });
  const answer = await ask({ host: '127.0.0.1', port: udp.address().port }, 'example.test', TYPE.txt, options);
  udp.close();
  expect(answer.rcode).toBe('NXDOMAIN');
});

it('says that nobody listens, or that nobody answers', async () => {
  const port = await freePort();
  await expect(ask({ host: '127.0.0.1', port }, 'example.test', TYPE.txt, options)).rejects.toThrow(ServerSilent);
  await using server = await DnsTestServer.start();
  server.isSilent = true;
  const silent = ask({ host: '127.0.0.1', port: server.port }, 'example.test', TYPE.txt, {
    ...options,
    timeoutMs: 200,
  });
  await expect(silent).rejects.toThrow('did not answer within 200 ms');
});

describe('over TCP', () => {
  /** What a server does with the first connection. */
  async function exchangeWith(serve: (socket: Socket) => void): Promise<Buffer> {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        serve(socket);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      const isAnswer = (bytes: Buffer) => bytes.toString() === 'the answer';
      return await exchangeTcp({ host: '127.0.0.1', port }, Buffer.from('q'), { timeoutMs: 300, signal, isAnswer });
    } finally {
      server.close();
    }
  }

  it('an answer may come in pieces', async () => {
    const answer = await exchangeWith((socket) => {
      const bytes = Buffer.from('\u0000\u000Athe answer and more', 'latin1');
      socket.write(bytes.subarray(0, 1), () =>
        socket.write(bytes.subarray(1, 5), () => socket.write(bytes.subarray(5))),
      );
    });
    expect(answer.toString()).toBe('the answer');
  });

  it('a connection that ends too early is told', async () => {
    const cut = exchangeWith((socket) => socket.end(Buffer.from('\u0000\u000Athe', 'latin1')));
    await expect(cut).rejects.toThrow('the connection ended before the answer');
  });

  it('an answer to something else is refused', async () => {
    const other = exchangeWith((socket) => socket.end(Buffer.from('\u0000\u0003off', 'latin1')));
    await expect(other).rejects.toThrow(MalformedMessage);
  });

  it('silence ends with the time', async () => {
    await expect(exchangeWith(() => {})).rejects.toThrow('did not answer within 300 ms');
  });
});
