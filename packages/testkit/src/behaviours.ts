import { createHash } from 'node:crypto';
import type { Behaviour } from './origin.ts';
import type { OriginExchange, OriginResponse } from './origin-connection.ts';

/** What an echoing origin says that it got. */
export interface Echo {
  readonly origin: string;
  readonly method: string;
  readonly target: string;
  readonly startLine: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly bodyLength: number;
  readonly bodySha256: string;
  readonly bodyFraming: string;
  readonly trailers: readonly (readonly [string, string])[];
  /** Which connection of the origin, and which request on it, counted from 0. */
  readonly connection: number;
  readonly request: number;
}

/** Answers with JSON of what came, when all of it has come. */
export function echo(origin = 'origin'): Behaviour {
  return async (exchange) => {
    const body = await exchange.body();
    const seen: Echo = {
      origin,
      method: exchange.method,
      target: exchange.target,
      startLine: exchange.head.startLine,
      headers: exchange.head.headers,
      body: body.text,
      bodyLength: body.length,
      bodySha256: body.sha256,
      bodyFraming: body.framing,
      trailers: body.trailers,
      connection: exchange.connection.index,
      request: exchange.index,
    };
    await exchange.respond({ headers: [['Content-Type', 'application/json']], body: JSON.stringify(seen) });
  };
}

/** A correct response, after the whole request. */
export function respond(response: OriginResponse): Behaviour {
  return async (exchange) => {
    await exchange.body();
    await exchange.respond(response);
  };
}

/** Exactly these bytes, after the whole request: the way to hostile responses. `close` sends a FIN after them. */
export function respondBytes(bytes: string | Uint8Array, { close = false } = {}): Behaviour {
  return async (exchange) => {
    await exchange.body();
    await exchange.write(bytes);
    if (close) exchange.end();
  };
}

/** Exactly these bytes as soon as the head is there, whatever the body does. */
export function respondEarly(bytes: string | Uint8Array, { close = false } = {}): Behaviour {
  return async (exchange) => {
    await exchange.write(bytes);
    if (close) exchange.end();
  };
}

/** A chunked response, one chunk per piece; `between` is awaited before each piece but the first. */
export function respondChunked(
  pieces: readonly string[],
  {
    trailers = '',
    between = async () => {},
  }: { trailers?: string; between?: (piece: number) => Promise<unknown> } = {},
): Behaviour {
  return async (exchange) => {
    await exchange.body();
    await exchange.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) await between(index);
      await exchange.write(`${Buffer.byteLength(piece, 'latin1').toString(16)}\r\n${piece}\r\n`);
    }
    await exchange.write(`0\r\n${trailers}\r\n`);
  };
}

export interface Held {
  readonly behaviour: Behaviour;
  /** The exchanges that wait. */
  readonly waiting: readonly OriginExchange[];
  /** All that wait, and all to come, go on with this behaviour. */
  release(behaviour: Behaviour): void;
}

/** Takes requests and says nothing until it is released. */
export function hold(): Held {
  const released = Promise.withResolvers<Behaviour>();
  const waiting: OriginExchange[] = [];
  const behaviour: Behaviour = async (exchange) => {
    waiting.push(exchange);
    const next = await Promise.race([released.promise, exchange.connection.closed]);
    if (next !== undefined) await next(exchange);
  };
  return { behaviour, waiting, release: released.resolve };
}

/** Closes (FIN) or resets the connection when the head of the request is there, without an answer. */
export function breakOff(how: 'end' | 'reset'): Behaviour {
  return (exchange) => {
    if (how === 'end') exchange.connection.socket.destroy();
    else exchange.reset();
  };
}

/** One behaviour after the other, by the number of the request at this origin; the last one stays. */
export function inTurn(...behaviours: readonly [Behaviour, ...Behaviour[]]): Behaviour {
  let count = 0;
  return (exchange) => {
    const behaviour = behaviours[Math.min(count, behaviours.length - 1)] ?? behaviours[0];
    count += 1;
    return behaviour(exchange);
  };
}

export interface EventStream {
  readonly behaviour: Behaviour;
  /** Sends to all that listen at the moment. */
  send(data: string): Promise<void>;
  readonly listeners: readonly OriginExchange[];
}

/** Server-sent events, unchunked and without an end: each event leaves when it is sent. */
export function eventStream(): EventStream {
  const listeners: OriginExchange[] = [];
  return {
    listeners,
    behaviour: async (exchange) => {
      await exchange.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n');
      listeners.push(exchange);
      await exchange.connection.gone;
      exchange.end();
    },
    send: async (data) => {
      await Promise.all(listeners.map((exchange) => exchange.write(`data: ${data}\n\n`)));
    },
  };
}

/** Switches to any protocol with a 101 and then gives every byte back, raw. `greeting` travels with the 101. */
export function upgradeEcho({ protocol = 'websocket', greeting = '' } = {}): Behaviour {
  return async (exchange) => {
    const { connection } = exchange;
    const early = connection.takeOver();
    connection.socket.on('data', (bytes: Buffer) => connection.socket.write(bytes));
    connection.socket.on('end', () => connection.socket.end());
    const key = exchange.head.header('sec-websocket-key');
    const accept = key === undefined ? '' : `Sec-WebSocket-Accept: ${webSocketAccept(key)}\r\n`;
    const head = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n${accept}\r\n`;
    await exchange.write(Buffer.concat([Buffer.from(`${head}${greeting}`, 'latin1'), early]));
  };
}

/** RFC 6455 section 4.2.2: what proves that the server understood the handshake. */
export function webSocketAccept(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}
