// For tests: ClientHellos that are wrong in one place.

/** Everything that is absent is as an ordinary client has it. */
export interface HelloSpec {
  readonly sessionId?: Buffer;
  readonly suites?: Buffer;
  readonly compressions?: Buffer;
  /** Undefined: not even an empty list. */
  readonly extensions?: readonly (readonly [type: number, data: Buffer])[] | undefined;
  readonly trailing?: Buffer;
}

/** The message, with its header. */
export function helloOf(spec: HelloSpec): Buffer {
  const { sessionId = Buffer.alloc(32), suites = Buffer.from([0x13, 0x01]), compressions = Buffer.alloc(1) } = spec;
  const extensions = spec.extensions?.map(([type, data]) => Buffer.concat([uint(2, type), uint(2, data.length), data]));
  const body = Buffer.concat([
    uint(2, 0x0303),
    Buffer.alloc(32, 7),
    uint(1, sessionId.length),
    sessionId,
    uint(2, suites.length),
    suites,
    uint(1, compressions.length),
    compressions,
    ...(extensions === undefined ? [] : [uint(2, Buffer.concat(extensions).length), ...extensions]),
    spec.trailing ?? Buffer.alloc(0),
  ]);
  return Buffer.concat([uint(1, 1), uint(3, body.length), body]);
}

/** @param lengths of the first records; the rest is one more */
export function recordsOf(message: Buffer, lengths: readonly number[] = []): Buffer {
  const records: Buffer[] = [];
  let at = 0;
  for (const length of [...lengths, message.length]) {
    const piece = message.subarray(at, at + length);
    if (piece.length === 0) break;
    records.push(Buffer.from([0x16, 3, 1]), uint(2, piece.length), piece);
    at += piece.length;
  }
  return Buffer.concat(records);
}

function uint(bytes: number, value: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
}
