import { RawClient, type RawClientOptions } from './raw-client.ts';

export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const FLAG = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

export const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** One frame, as it is told: nothing is checked. */
export function frame(type: number, flags: number, streamId: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

/** HPACK without any compression (RFC 7541 section 6.2.2): every name and value goes out byte for byte, also a forbidden one. */
export function headerBlock(fields: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0x00]), literal(name), literal(value)]));
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.concat([prefixed(bytes.length), bytes]);
}

/** RFC 7541 section 5.1, with a prefix of 7 bits and no Huffman coding. */
function prefixed(value: number): Buffer {
  if (value < 127) return Buffer.from([value]);
  const bytes = [127];
  let rest = value - 127;
  for (; rest >= 128; rest >>= 7) bytes.push((rest & 127) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** A client that writes exactly these frames, over TLS, and takes apart what comes. */
export class FrameClient implements Disposable {
  readonly raw: RawClient;

  private constructor(raw: RawClient) {
    this.raw = raw;
  }

  /** Connects and sends preface and empty SETTINGS, as every client does. */
  static async connect(options: RawClientOptions): Promise<FrameClient> {
    const raw = await RawClient.connect({ ...options, tls: { ...options.tls, ALPNProtocols: ['h2'] } });
    const client = new FrameClient(raw);
    await raw.write(Buffer.concat([Buffer.from(PREFACE), frame(FRAME.settings, 0, 0)]));
    return client;
  }

  /** The whole frames that have come. */
  get frames(): readonly Frame[] {
    const bytes = this.raw.unread;
    const frames: Frame[] = [];
    for (let at = 0; at + 9 <= bytes.length;) {
      const end = at + 9 + bytes.readUIntBE(at, 3);
      if (end > bytes.length) break;
      frames.push({
        type: bytes.readUInt8(at + 3),
        flags: bytes.readUInt8(at + 4),
        streamId: bytes.readUInt32BE(at + 5),
        payload: bytes.subarray(at + 9, end),
      });
      at = end;
    }
    return frames;
  }

  /** The error code of the GOAWAY that came last; undefined before one. */
  get goaway(): number | undefined {
    return this.frames.findLast(({ type }) => type === FRAME.goaway)?.payload.readUInt32BE(4);
  }

  /** The error code with which a stream was reset; undefined while it was not. */
  resetOf(streamId: number): number | undefined {
    return this.frames.find((one) => one.type === FRAME.reset && one.streamId === streamId)?.payload.readUInt32BE(0);
  }

  write(...frames: readonly Buffer[]): Promise<boolean> {
    return this.raw.write(Buffer.concat(frames));
  }

  /** A request in one HEADERS frame. */
  request(
    streamId: number,
    fields: readonly (readonly [string, string])[],
    { endStream = true } = {},
  ): Promise<boolean> {
    const flags = FLAG.endHeaders | (endStream ? FLAG.endStream : 0);
    return this.write(frame(FRAME.headers, flags, streamId, headerBlock(fields)));
  }

  [Symbol.dispose](): void {
    this.raw[Symbol.dispose]();
  }
}
