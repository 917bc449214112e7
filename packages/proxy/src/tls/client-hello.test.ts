import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { helloOf, type HelloSpec, recordsOf } from './_hello.ts';
import { ClientHelloError } from './client-hello-error.ts';
import { ClientHelloReader, MAX_HELLO_BYTES } from './client-hello-reader.ts';

interface CorpusEntry {
  readonly client: string;
  readonly expected: object;
  readonly hex: string;
}

const CORPUS = JSON.parse(
  readFileSync(join(import.meta.dirname, 'corpus', 'client-hellos.json'), 'utf8'),
) as CorpusEntry[];

function read(bytes: Buffer) {
  return new ClientHelloReader().push(bytes);
}

function alertOf(bytes: Buffer): string {
  try {
    return JSON.stringify(read(bytes) ?? 'incomplete');
  } catch (error) {
    return error instanceof ClientHelloError ? error.alert : String(error);
  }
}

const alertOfHello = (spec: HelloSpec): string => alertOf(recordsOf(helloOf(spec)));

describe('the hellos that clients really send', () => {
  it.each(CORPUS)('$client', ({ expected, hex }) => {
    expect(read(Buffer.from(hex, 'hex'))).toEqual({ serverName: undefined, ticketNames: [], ...expected });
  });
});

describe('a ClientHello', () => {
  it('may come in many records, and has no extension at all', () => {
    const hello = helloOf({ extensions: undefined });
    const plain = { serverName: undefined, protocols: [], versions: [0x0303], ticketNames: [] };
    expect(read(recordsOf(hello))).toEqual(plain);
    expect(read(recordsOf(hello, [1, 2, 5]))).toEqual(plain);
  });

  it('names the keys of the tickets that it offers, of both kinds', () => {
    const [first, second] = [Buffer.alloc(200, 0xab), Buffer.alloc(16, 0xcd)];
    const identities = Buffer.concat([lengthed(first), Buffer.alloc(4), lengthed(second), Buffer.alloc(4)]);
    const binders = lengthed(Buffer.alloc(33));
    const extensions = [
      [35, second],
      [41, Buffer.concat([lengthed(identities), binders])],
    ] as const;
    expect(read(recordsOf(helloOf({ extensions })))?.ticketNames).toEqual([
      'ab'.repeat(16),
      'cd'.repeat(16),
      'cd'.repeat(16),
    ]);
    expect(read(recordsOf(helloOf({ extensions: [[35, Buffer.alloc(0)]] })))?.ticketNames).toEqual([]);
  });

  it('is not looked at beyond its end: what follows is for the engine', () => {
    const hello = recordsOf(helloOf({}));
    expect(read(Buffer.concat([hello, Buffer.from([0x14, 3, 3, 0, 1, 1])]))).toEqual(read(hello));
  });

  const name = (...parts: Buffer[]): HelloSpec => ({ extensions: [[0, lengthed(Buffer.concat(parts))]] });
  const host = (text: string, type = 0): Buffer => Buffer.concat([Buffer.from([type]), lengthed(Buffer.from(text))]);

  it.each<[string, HelloSpec, string]>([
    ['two names', name(host('a.test'), host('b.test')), 'decode_error'],
    ['an empty name', name(host('')), 'decode_error'],
    ['a name of 256 bytes', name(host('x'.repeat(256))), 'decode_error'],
    ['a name of an unknown type', name(host('a.test', 1)), 'decode_error'],
    ['an empty list of names', name(), 'decode_error'],
    ['SNI twice', { extensions: [0, 0].map((type) => [type, lengthed(host('a.test'))]) }, 'illegal_parameter'],
    ['an unknown extension twice', { extensions: [0x1234, 0x1234].map((type) => [type, Buffer.alloc(0)]) }, 'illegal'],
    ['an empty ALPN list', { extensions: [[16, Buffer.from([0, 0])]] }, 'decode_error'],
    ['an empty protocol', { extensions: [[16, Buffer.from([0, 1, 0])]] }, 'decode_error'],
    ['half a version', { extensions: [[43, Buffer.from([1, 3])]] }, 'decode_error'],
    ['bytes behind a list', { extensions: [[43, Buffer.from([2, 3, 4, 0])]] }, 'decode_error'],
    ['no cipher suite', { suites: Buffer.alloc(0) }, 'decode_error'],
    ['half a cipher suite', { suites: Buffer.alloc(3) }, 'decode_error'],
    ['no compression method', { compressions: Buffer.alloc(0) }, 'decode_error'],
    ['a session id of 33 bytes', { sessionId: Buffer.alloc(33) }, 'decode_error'],
    ['bytes behind the extensions', { trailing: Buffer.alloc(1) }, 'decode_error'],
  ])('is refused with %s', (_what, spec, alert) => {
    expect(alertOfHello(spec)).toMatch(alert);
  });

  it.each<[string, Buffer, string]>([
    ['is another record', Buffer.from([0x17, 3, 3, 0, 1, 0]), 'unexpected_message'],
    ['is no version of TLS', Buffer.from([0x16, 2, 0, 0, 1, 0]), 'decode_error'],
    ['is an empty record', Buffer.from([0x16, 3, 1, 0, 0]), 'decode_error'],
    ['is a record over 16 KiB', Buffer.from([0x16, 3, 1, 0x40, 1]), 'record_overflow'],
    ['is another message', recordsOf(Buffer.from([2, 0, 0, 0])), 'unexpected_message'],
    ['promises 16 MiB', Buffer.from([0x16, 3, 1, 0, 4, 1, 0xff, 0xff, 0xff]), 'record_overflow'],
    ['is empty', recordsOf(Buffer.from([1, 0, 0, 0])), 'decode_error'],
    [
      'has a second message in its record',
      recordsOf(Buffer.concat([helloOf({}), Buffer.from([1])])),
      'unexpected_message',
    ],
    ['comes in records of one byte', recordsOf(helloOf({}), Array<number>(65).fill(1)), 'record_overflow'],
  ])('is refused when it %s', (_what, bytes, alert) => {
    expect(alertOf(bytes)).toBe(alert);
  });

  it('may have 16 KiB and not one byte more', () => {
    const padding = (length: number): HelloSpec => ({ extensions: [[21, Buffer.alloc(length)]] });
    const overhead = helloOf(padding(0)).length - 4;
    const largest = helloOf(padding(MAX_HELLO_BYTES - overhead));
    expect(read(recordsOf(largest, [10_000]))?.versions).toEqual([0x0303]);
    expect(alertOf(recordsOf(helloOf(padding(MAX_HELLO_BYTES - overhead + 1)), [10_000]))).toBe('record_overflow');
  });
});

function lengthed(bytes: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
