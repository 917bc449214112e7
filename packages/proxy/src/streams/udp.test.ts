import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { backendOf, eventually, freePort, listenerOf, streamOf, within } from '@dproxy/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { startEdge } from '../fixtures/edge.ts';

const LARGEST = 65_507;
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

async function bound(address = '127.0.0.1'): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1_048_576 });
  sockets.push(socket);
  socket.bind(0, address);
  await once(socket, 'listening');
  return socket;
}

function portOf(socket: Socket): number {
  return socket.address().port;
}

/** A backend that sends back what it gets, with its name in front, and knows who has sent. */
async function echoBackend(name = '') {
  const socket = await bound();
  const senders = new Set<number>();
  socket.on('message', (datagram, { port, address }) => {
    senders.add(port);
    socket.send(Buffer.concat([Buffer.from(name), datagram]).subarray(0, LARGEST), port, address);
  });
  return { port: portOf(socket), senders };
}

async function client(address?: string) {
  const socket = await bound(address);
  const answers: Buffer[] = [];
  socket.on('message', (datagram) => void answers.push(datagram));
  return {
    socket,
    answers,
    send: (datagram: string | Buffer, port: number) => socket.send(datagram, port, '127.0.0.1'),
    /** The answer to one datagram. */
    ask: async (datagram: string | Buffer, port: number): Promise<string> => {
      const next = once(socket, 'message') as Promise<[Buffer]>;
      socket.send(datagram, port, '127.0.0.1');
      const [answer] = await within(next, 'an answer');
      return answer.toString();
    },
  };
}

function specOf(ports: readonly number[], more: Parameters<typeof streamOf>[0] = {}, port = 0) {
  const backends = ports.map((each) => backendOf({ port: each, protocol: 'udp', id: `b${each}` }));
  return {
    listeners: [listenerOf({ id: 'udp:1', protocol: 'udp', addresses: [{ host: '127.0.0.1', port }] })],
    backends,
    streams: [streamOf({ listenerId: 'udp:1', protocol: 'udp', backendIds: backends.map(({ id }) => id), ...more })],
  };
}

describe('a session', () => {
  test('is one client and one backend; the largest datagram passes whole', async () => {
    const [one, two] = [await echoBackend('1'), await echoBackend('2')];
    await using edge = await startEdge(specOf([one.port, two.port]));
    const [a, b] = [await client(), await client()];
    const port = edge.port('udp:1');
    const answers = [await a.ask('x', port), await a.ask('y', port), await b.ask('x', port), await b.ask('y', port)];
    expect(answers.map((answer) => answer[0])).toEqual(['1', '1', '2', '2']);
    expect([one.senders.size, two.senders.size, edge.plane.stats().tunnels]).toEqual([1, 1, 2]);
    const large = Buffer.alloc(LARGEST, 'z');
    expect(await a.ask(large.subarray(0, LARGEST - 1), port)).toBe(`1${large.subarray(0, LARGEST - 1).toString()}`);
  });

  test('ends when it is idle, and the next datagram begins another', async () => {
    const backend = await echoBackend();
    await using edge = await startEdge(specOf([backend.port], { idleMs: 300 }));
    const a = await client();
    expect(await a.ask('x', edge.port('udp:1'))).toBe('x');
    await eventually(() => edge.plane.stats().tunnels === 0);
    expect(await a.ask('y', edge.port('udp:1'))).toBe('y');
    expect(backend.senders.size).toBe(2);
  });

  test('ends when its backend leaves, while those of others go on', async () => {
    const [one, two] = [await echoBackend('1'), await echoBackend('2')];
    await using edge = await startEdge(specOf([one.port, two.port]));
    const port = edge.port('udp:1');
    const [a, b] = [await client(), await client()];
    expect([await a.ask('x', port), await b.ask('x', port)]).toEqual(['1x', '2x']);
    await edge.apply(specOf([two.port]));
    expect(edge.plane.stats().tunnels).toBe(1);
    expect([await a.ask('y', port), await b.ask('y', port)]).toEqual(['2y', '2y']);
    expect(two.senders.size).toBe(2);
  });

  test('stays while its backend drains; new ones go elsewhere', async () => {
    const [one, two] = [await echoBackend('1'), await echoBackend('2')];
    const spec = specOf([one.port, two.port]);
    await using edge = await startEdge(spec);
    const [a, b] = [await client(), await client()];
    const port = edge.port('udp:1');
    expect(await a.ask('x', port)).toBe('1x');
    const backends = spec.backends.map((each, index) => (index === 0 ? { ...each, state: 'draining' as const } : each));
    await edge.apply({ ...spec, backends, version: 2 });
    expect([await b.ask('y', port), await a.ask('z', port)]).toEqual(['2y', '1z']);
    expect([one.senders.size, two.senders.size]).toEqual([1, 1]);
  });

  test('ends when nobody listens at the backend, and begins anew with another', async () => {
    const gone = createSocket('udp4').bind(0, '127.0.0.1');
    await once(gone, 'listening');
    const backend = await echoBackend();
    await using edge = await startEdge(specOf([portOf(gone), backend.port]));
    gone.close();
    await once(gone, 'close');
    const a = await client();
    a.send('lost', edge.port('udp:1'));
    await eventually(() => edge.plane.stats().errors['upstream-closed'] === 1);
    expect(await a.ask('x', edge.port('udp:1'))).toBe('x');
    expect(edge.plane.stats().routes).toMatchObject([{ id: 'udp:1/*', active: 1, requests: 1, errors: 1, bytesIn: 4 }]);
  });

  test('ends when there is no way to its backend, and the worker goes on', async () => {
    const backend = await echoBackend();
    const spec = specOf([9, backend.port]);
    // No socket may send to everybody.
    const backends = spec.backends.map((each) => (each.port === 9 ? { ...each, address: '255.255.255.255' } : each));
    await using edge = await startEdge({ ...spec, backends });
    const a = await client();
    a.send('lost', edge.port('udp:1'));
    await eventually(() => edge.plane.stats().errors['upstream-closed'] === 1);
    expect(edge.plane.stats().tunnels).toBe(0);
    expect(await a.ask('x', edge.port('udp:1'))).toBe('x');
  });

  test('waits for the name of its backend', async () => {
    const backend = await echoBackend();
    const spec = specOf([backend.port]);
    const backends = spec.backends.map((each) => ({ ...each, address: 'localhost' }));
    await using edge = await startEdge({ ...spec, backends });
    const a = await client();
    for (const text of ['1', '2', '3']) a.send(text, edge.port('udp:1'));
    await eventually(() => a.answers.length === 3);
    expect(a.answers.map(String)).toEqual(['1', '2', '3']);
  });

  test('hears nobody but its backend', async () => {
    const backend = await echoBackend();
    await using edge = await startEdge(specOf([backend.port]));
    const a = await client();
    await a.ask('x', edge.port('udp:1'));
    const stranger = await client();
    for (const port of backend.senders) stranger.send('forged', port);
    expect(await a.ask('y', edge.port('udp:1'))).toBe('y');
    expect(a.answers.map(String)).toEqual(['x', 'y']);
  });
});

describe('limits', () => {
  test('of who may send', async () => {
    const backend = await echoBackend();
    await using edge = await startEdge(specOf([backend.port], { clients: ['127.0.0.2'] }));
    const [a, b] = [await client(), await client('127.0.0.2')];
    a.send('x', edge.port('udp:1'));
    expect(await b.ask('y', edge.port('udp:1'))).toBe('y');
    expect([backend.senders.size, a.answers]).toEqual([1, []]);
  });

  test('of sessions per client: those that are there go on', async () => {
    const backend = await echoBackend();
    await using edge = await startEdge(specOf([backend.port], { connectionsPerClient: 1 }));
    const [a, b, port] = [await client(), await client(), edge.port('udp:1')];
    await a.ask('x', port);
    b.send('x', port);
    await eventually(() => edge.plane.stats().errors['too-many-connections'] === 1);
    expect(await a.ask('y', port)).toBe('y');
    expect(b.answers).toEqual([]);
  });

  test('of sessions: a flood of new clients ends its own, not those that have spoken after an answer', async () => {
    const backend = await echoBackend();
    await using edge = await startEdge({ ...specOf([backend.port]), limits: { udpSessions: 3 } });
    const [a, port] = [await client(), edge.port('udp:1')];
    await a.ask('x', port);
    await a.ask('y', port);
    for (let count = 0; count < 6; count++) await (await client()).ask('flood', port);
    expect(edge.plane.stats().tunnels).toBe(3);
    await a.ask('z', port);
    // One socket of ours for a, and one for each of the flood.
    expect(backend.senders.size).toBe(7);
  });
});

describe('listeners', () => {
  test('of UDP and TCP may have one port, and come and go alone', async () => {
    const backend = await echoBackend();
    const port = await freePort();
    const tcp = listenerOf({ id: 'tcp:1', protocol: 'tcp', addresses: [{ host: '127.0.0.1', port }] });
    const spec = specOf([backend.port], {}, port);
    await using edge = await startEdge({ ...spec, listeners: [tcp, ...spec.listeners] });
    expect(edge.report.failed).toEqual([]);
    const a = await client();
    expect(await a.ask('x', port)).toBe('x');
    await edge.apply({ ...spec, listeners: [tcp] });
    expect([...edge.plane.addresses().keys()]).toEqual(['tcp:1']);
    // Its session goes on as long as it is used; nobody else gets one.
    expect(await a.ask('y', port)).toBe('y');
    const b = await client();
    b.send('x', port);
    expect(await a.ask('z', port)).toBe('z');
    expect(b.answers).toEqual([]);
  });

  test('of a worker that leaves keep their sessions, and new clients go to the workers that stay', async () => {
    const backend = await echoBackend();
    const port = await freePort();
    await using leaving = await startEdge(specOf([backend.port], {}, port), { reusePort: true });
    const old = await Promise.all(Array.from({ length: 8 }, () => client()));
    for (const each of old) await each.ask('x', port);
    expect(leaving.plane.stats().tunnels).toBe(8);
    const drained = leaving.plane.drain(10_000);
    await using staying = await startEdge(specOf([backend.port], {}, port), { reusePort: true });
    for (let count = 0; count < 16; count++) {
      const fresh = await client();
      await eventually(async () => {
        fresh.send('new', port);
        return fresh.answers.length > 0;
      });
    }
    expect([leaving.plane.stats().tunnels, staying.plane.stats().tunnels]).toEqual([8, 16]);
    for (const each of old) expect(await each.ask('y', port)).toBe('y');
    expect(backend.senders.size).toBe(24);
    await leaving.apply({ listeners: [] });
    expect(await drained).toEqual({ finished: 8, cut: 0 });
  });
});
