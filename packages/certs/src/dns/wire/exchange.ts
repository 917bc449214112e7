import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, isIPv6 } from 'node:net';
import { MalformedMessage } from './malformed-message.ts';
import { formatServer, type ServerAddress } from './server-address.ts';

export interface ExchangeOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Whether these bytes answer what was sent; others are ignored until the time is over (forged answers). */
  readonly isAnswer: (bytes: Buffer) => boolean;
}

/** No answer in time, or no way there. */
export class ServerSilent extends Error {
  override readonly name = 'ServerSilent';
}

/**
 * One question over UDP, sent again after half of the time.
 * @throws ServerSilent, or the signal's reason
 */
export async function exchangeUdp(server: ServerAddress, message: Buffer, options: ExchangeOptions): Promise<Buffer> {
  const { timeoutMs, signal, isAnswer } = options;
  signal.throwIfAborted();
  const socket = createSocket(isIPv6(server.host) ? 'udp6' : 'udp4');
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const fail = (reason: string) => {
    reject(new ServerSilent(`${formatServer(server)} ${reason}`));
  };
  const abort = () => {
    reject(signal.reason);
  };
  let isOpen = true;
  const send = () => {
    // The end may come between the connection of the socket and its event.
    if (!isOpen) return;
    socket.send(message, (error) => {
      if (error !== null) fail(`cannot be reached (${error.message})`);
    });
  };
  const timers = [
    setTimeout(send, timeoutMs / 2),
    setTimeout(() => {
      fail(`did not answer within ${timeoutMs} ms`);
    }, timeoutMs),
  ];
  signal.addEventListener('abort', abort, { once: true });
  socket.on('error', (error) => {
    fail(`cannot be reached (${error.message})`);
  });
  socket.on('message', (bytes) => {
    if (isAnswer(bytes)) resolve(bytes);
  });
  try {
    // Connected: the kernel drops what comes from any other address, and says when the port is closed.
    socket.connect(server.port, server.host, send);
    return await promise;
  } finally {
    timers.forEach(clearTimeout);
    signal.removeEventListener('abort', abort);
    isOpen = false;
    socket.close();
  }
}

/**
 * One question over TCP (RFC 7766): two bytes of length, then the message.
 * @throws ServerSilent, MalformedMessage, or the signal's reason
 */
export async function exchangeTcp(server: ServerAddress, message: Buffer, options: ExchangeOptions): Promise<Buffer> {
  const { timeoutMs, signal, isAnswer } = options;
  signal.throwIfAborted();
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const socket = connect({ host: server.host, port: server.port, noDelay: true });
  try {
    await once(socket, 'connect', { signal: deadline });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(message.length);
    socket.write(Buffer.concat([length, message]));
    const bytes = await readMessage(socket, deadline);
    if (!isAnswer(bytes)) throw new MalformedMessage(`${formatServer(server)} answered something else`);
    return bytes;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof MalformedMessage) throw error;
    const why = deadline.aborted ? `did not answer within ${timeoutMs} ms` : `cannot be reached (${text(error)})`;
    throw new ServerSilent(`${formatServer(server)} ${why}`, { cause: error });
  } finally {
    // What it still says is no concern of anybody; without a listener it would end the process.
    socket.on('error', () => {});
    socket.destroy();
  }
}

async function readMessage(socket: AsyncIterable<Buffer>, signal: AbortSignal): Promise<Buffer> {
  let received = Buffer.alloc(0);
  const aborted = Promise.withResolvers<never>();
  const abort = () => {
    aborted.reject(signal.reason);
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    const reader = socket[Symbol.asyncIterator]();
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- one piece after the other
      const { value, done } = await Promise.race([reader.next(), aborted.promise]);
      if (done === true) throw new Error('the connection ended before the answer');
      received = Buffer.concat([received, value]);
      // At most 65,537 bytes and the last piece: the length has two bytes.
      if (received.length < 2) continue;
      const end = 2 + received.readUInt16BE(0);
      if (received.length >= end) return received.subarray(2, end);
    }
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
