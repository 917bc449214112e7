import { connect, type Socket } from 'node:net';
import { eventually, exchange, Origin, within } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { CHUNK_CORPUS } from '../../packages/proxy/src/http1/corpus/chunk-corpus.ts';
import { REQUEST_CORPUS } from '../../packages/proxy/src/http1/corpus/request-corpus.ts';
import { RESPONSE_CORPUS } from '../../packages/proxy/src/http1/corpus/response-corpus.ts';
import { ChildEdge } from './child-edge.ts';
import { Dice, mutate } from './mutations.ts';

const FUZZ_MS = process.env['DPROXY_TEST_LONG'] === '1' ? 60_000 : 10_000;
const PARALLEL = 16;
/** After as much traffic as this the memory of a worker must be near to where it was when it was warm. */
const LEAK_BOUND = 40_000_000;

/** The log's level `error`: nothing that clients and backends do is one, but an exception that a boundary has stopped is. */
const CAUGHT = '"level":50';

const GOOD = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const SEEDS = [
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
  'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nraw',
  'HEAD / HTTP/1.1\r\nHost: wild.example\r\nX-Debug: 1\r\nAccept: text/html\r\n\r\n',
  ...REQUEST_CORPUS.map(({ text }) => text),
  ...CHUNK_CORPUS.map(({ text }) => `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${text}`),
];
const RESPONSES = [
  GOOD,
  GOOD,
  GOOD,
  'HTTP/1.1 200 OK\r\n\r\nuntil the end',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nraw',
  'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n',
  ...RESPONSE_CORPUS.map(({ text }) => text),
];

/** Ends a connection in one of the ways in which clients and backends do. */
function leave(socket: Socket, dice: Dice): void {
  if (dice.below(3) === 0) socket.resetAndDestroy();
  else if (dice.below(2) === 0) socket.end();
  else socket.destroy();
}

/** A backend that speaks whenever bytes come, and says anything. */
function anything(dice: Dice) {
  return (socket: Socket): void => {
    socket.on('data', () => {
      const response = dice.one(RESPONSES);
      socket.write(dice.below(2) === 0 ? response : mutate(response, dice), 'latin1');
      if (dice.below(4) === 0) leave(socket, dice);
    });
    socket.on('end', () => socket.end());
  };
}

/** One connection of a hostile client; resolves when it is over. */
function attack(port: number, dice: Dice): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: dice.below(2) === 0 });
    const text = Array.from({ length: 1 + dice.below(4) }, () => {
      const seed = dice.one(SEEDS);
      return dice.below(4) === 0 ? seed : mutate(seed, dice);
    }).join('');
    const host = dice.one(['a', 'plugins.example', 'wild.example', 'none.example']);
    const bytes = Buffer.from(text.replaceAll('Host: a\r\n', `Host: ${host}\r\n`), 'latin1');
    const cut = dice.below(bytes.byteLength + 1);
    const isQuick = dice.below(8) === 0;
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
    socket.on('end', () => socket.destroy());
    socket.on('connect', () => {
      socket.write(bytes.subarray(0, cut));
      setImmediate(() => socket.write(bytes.subarray(cut)));
      if (isQuick) leave(socket, dice);
      else setTimeout(() => leave(socket, dice), 5 + dice.below(60));
    });
    socket.resume();
  });
}

describe('row 54: no request and no response ends a worker', () => {
  it('whatever is sent: no exit, nothing unhandled, nothing left behind', { timeout: FUZZ_MS + 60_000 }, async () => {
    const seed = Date.now() & 0xffff_ffff;
    const dice = new Dice(seed);
    await using origin = await Origin.start({ onConnection: anything(dice) });
    await using steady = await Origin.start();
    const to = { port: origin.port };
    await using edge = await ChildEdge.start({
      routes: [
        { host: 'a', to },
        { host: 'plugins.example', to, plugins: ['nothing'] },
        { host: '*.example', to },
        { host: 'wild.example', path: '/x', to },
        { host: 'steady.example', to: { port: steady.port } },
      ],
      limits: {
        headMs: 1_000,
        keepAliveMs: 1_000,
        bodyGraceMs: 1_000,
        writeStallMs: 1_000,
        upstreamConnectMs: 1_000,
        upstreamResponseMs: 1_000,
        upstreamIdleMs: 1_000,
        upstreamKeepAliveMs: 500,
        tunnelIdleMs: 1_000,
        lingerMs: 200,
      },
    });
    const attackUntil = async (endMs: number): Promise<number> => {
      let count = 0;
      const run = async () => {
        for (; performance.now() < endMs && !edge.hasExited; count++) await attack(edge.port, dice);
      };
      await Promise.all(Array.from({ length: PARALLEL }, run));
      return count;
    };

    await attackUntil(performance.now() + FUZZ_MS / 4);
    const warm = await edge.empty();
    const attacks = await attackUntil(performance.now() + (FUZZ_MS * 3) / 4);
    const after = await edge.empty();

    const told = `seed ${seed}, ${attacks} attacks: ${edge.output.slice(-2_000)}`;
    expect(edge.hasExited, told).toBe(false);
    expect(after.unhandled, told).toEqual([]);
    // What the boundary of a connection has caught is a mistake, too, though one that harms nobody else.
    const caught = edge.output.split('\n').filter((line) => line.includes(CAUGHT));
    expect(caught.slice(0, 5), told).toEqual([]);
    expect(after.heapAndBuffers - warm.heapAndBuffers, told).toBeLessThan(LEAK_BOUND);
    expect(attacks).toBeGreaterThan(FUZZ_MS / 20);
    // Nothing waits at a backend, and nothing is open but the listener and idle connections' end.
    await eventually(() => origin.openConnections === 0, { what: 'the end of all upstream connections' });
    const settled = await edge.report();
    expect(
      settled.handles.filter((name) => name !== 'TCPServerWrap'),
      told,
    ).toEqual([]);
    const request = 'GET / HTTP/1.1\r\nHost: steady.example\r\nConnection: close\r\n\r\n';
    expect((await within(exchange({ port: edge.port, request }), 'an answer')).body.text).toBe('origin');
  });
});
