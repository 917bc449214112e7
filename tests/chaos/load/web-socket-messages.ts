import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type { Target } from './http1-client.ts';
import { ANSWERED, APART, PATIENCE_MS, type Closed, type Outcome, type RequestKind } from './tally.ts';

export interface WebSocketOptions {
  readonly name: string;
  readonly perSecond: number;
  readonly target: Target;
  readonly connections: number;
}

/** Messages over connections that stay open: each comes back. Whoever closes one of them is noted. */
export class WebSocketMessages implements RequestKind {
  readonly name: string;
  readonly perSecond: number;
  readonly closed: Closed[] = [];
  readonly #options: WebSocketOptions;
  readonly #open: (EchoConnection | undefined)[];
  #count = 0;

  constructor(options: WebSocketOptions) {
    this.name = options.name;
    this.perSecond = options.perSecond;
    this.#options = options;
    this.#open = Array.from({ length: options.connections });
  }

  async ask(): Promise<Outcome> {
    this.#count += 1;
    const place = this.#count % this.#options.connections;
    const connection = (this.#open[place] ??= this.#connect(place));
    return await connection.send(`message ${this.#count}`);
  }

  [Symbol.dispose](): void {
    for (const connection of this.#open.splice(0)) connection?.destroy();
  }

  #connect(place: number): EchoConnection {
    return new EchoConnection(this.#options.target, (what) => {
      this.closed.push({ kind: this.name, atMs: performance.now(), what });
      this.#open[place] = undefined;
    });
  }
}

/** A WebSocket (RFC 6455) to something that sends every byte back; the first answer is a 101. */
class EchoConnection {
  readonly #socket: Socket;
  readonly #expected: { readonly frame: Buffer; readonly settle: (outcome: Outcome) => void }[] = [];
  #received = Buffer.alloc(0);
  #isUpgraded = false;
  #reason = 'closed';

  constructor({ port, host }: Target, onClosed: (what: string) => void) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, timeout: PATIENCE_MS });
    this.#socket.write(
      `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    );
    this.#socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    this.#socket.on('error', (error) => (this.#reason = error.message));
    this.#socket.on('timeout', () => this.#socket.destroy(new Error('silence')));
    this.#socket.on('close', () => {
      // Open once, and cut: `closed` has it, and whoever reads that knows whether it was the deadline of a drain.
      const what = `${this.#reason} after ${JSON.stringify(this.#received.toString('latin1').slice(0, 40))}`;
      for (const { settle } of this.#expected) settle(this.#isUpgraded ? APART : { end: 'lost', what });
      if (this.#isUpgraded) onClosed(`a WebSocket: ${this.#reason}`);
      else onClosed(`a WebSocket before its 101: ${what}`);
    });
  }

  send(message: string): Promise<Outcome> {
    const frame = maskedText(message);
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.#expected.push({ frame, settle: resolve });
    // Nothing before the 101 (RFC 6455 section 4.1).
    if (this.#isUpgraded) this.#socket.write(frame);
    return promise;
  }

  destroy(): void {
    this.#socket.removeAllListeners('close').destroy();
  }

  #onData(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    if (!this.#isUpgraded) this.#readHead();
    if (this.#isUpgraded) this.#readEchoes();
  }

  #readHead(): void {
    const end = this.#received.indexOf('\r\n\r\n');
    if (end === -1) return;
    this.#isUpgraded = this.#received.toString('latin1').startsWith('HTTP/1.1 101 ');
    if (!this.#isUpgraded) {
      this.#socket.destroy(new Error('no upgrade'));
      return;
    }
    this.#received = this.#received.subarray(end + 4);
    for (const { frame } of this.#expected) this.#socket.write(frame);
  }

  #readEchoes(): void {
    for (let next = this.#expected[0]; next !== undefined; next = this.#expected[0]) {
      const { frame, settle } = next;
      if (this.#received.length < frame.length) return;
      const isSame = this.#received.subarray(0, frame.length).equals(frame);
      settle(isSame ? ANSWERED : { end: 'lost', what: 'another message came back' });
      this.#received = this.#received.subarray(frame.length);
      this.#expected.shift();
    }
  }
}

/** RFC 6455 section 5.2: FIN, text, masked, fewer than 126 bytes. */
function maskedText(message: string): Buffer {
  const mask = randomBytes(4);
  const payload = Buffer.from(message);
  for (const [index, byte] of payload.entries()) payload[index] = byte ^ (mask[index % 4] ?? 0);
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length]), mask, payload]);
}
