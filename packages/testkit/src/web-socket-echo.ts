import { webSocketAccept } from './behaviours.ts';
import type { Behaviour } from './origin.ts';

interface Frame {
  /** FIN and opcode, as they came. */
  readonly first: number;
  readonly payload: Buffer;
  readonly byteLength: number;
}

const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;

/** An RFC 6455 server that sends every message back, answers pings and closes when asked to. */
export function webSocketEcho(): Behaviour {
  return async (exchange) => {
    const { socket } = exchange.connection;
    let pending = exchange.connection.takeOver();
    const advance = (bytes: Buffer): void => {
      pending = Buffer.concat([pending, bytes]);
      for (let frame = readFrame(pending); frame !== undefined; frame = readFrame(pending)) {
        pending = pending.subarray(frame.byteLength);
        const opcode = frame.first & 0x0f;
        if (opcode === PONG) continue;
        socket.write(writeFrame(opcode === PING ? 0x80 | PONG : frame.first, frame.payload));
        if (opcode === CLOSE) socket.end();
      }
    };
    const accept = webSocketAccept(exchange.head.header('sec-websocket-key') ?? '');
    await exchange.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.on('data', advance);
    advance(Buffer.alloc(0));
  };
}

/** RFC 6455 section 5.2; frames of clients are masked. */
function readFrame(bytes: Buffer): Frame | undefined {
  if (bytes.byteLength < 2) return undefined;
  const short = bytes.readUInt8(1) & 0x7f;
  const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
  const start = 2 + extra + 4;
  if (bytes.byteLength < start) return undefined;
  const length = extra === 0 ? short : extra === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (bytes.byteLength < start + length) return undefined;
  const mask = bytes.subarray(start - 4, start);
  const payload = Buffer.from(bytes.subarray(start, start + length));
  for (const [index, byte] of payload.entries()) payload[index] = byte ^ (mask[index % 4] ?? 0);
  return { first: bytes.readUInt8(0), payload, byteLength: start + length };
}

function writeFrame(first: number, payload: Buffer): Buffer {
  const length = payload.byteLength;
  if (length < 126) return Buffer.concat([Buffer.from([first, length]), payload]);
  const head = Buffer.alloc(length < 65_536 ? 4 : 10);
  head.writeUInt8(first, 0);
  if (length < 65_536) {
    head.writeUInt8(126, 1);
    head.writeUInt16BE(length, 2);
  } else {
    head.writeUInt8(127, 1);
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, payload]);
}
