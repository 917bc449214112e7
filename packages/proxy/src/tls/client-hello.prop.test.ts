import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { recordsOf } from './_hello.ts';
import { parseClientHello } from './client-hello.ts';
import { ClientHelloError } from './client-hello-error.ts';
import { ClientHelloReader } from './client-hello-reader.ts';

const HELLOS = (
  JSON.parse(readFileSync(join(import.meta.dirname, 'corpus', 'client-hellos.json'), 'utf8')) as { hex: string }[]
).map(({ hex }) => Buffer.from(hex, 'hex'));

/** The result or the error, whichever comes first. */
function outcome(chunks: readonly Buffer[]): string {
  const reader = new ClientHelloReader();
  try {
    for (const chunk of chunks) {
      const hello = reader.push(chunk);
      if (hello !== undefined) return JSON.stringify(hello);
    }
    return 'incomplete';
  } catch (error) {
    if (!(error instanceof ClientHelloError)) throw error;
    return `${error.alert}: ${error.message}`;
  }
}

function split(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (const length of [...lengths, bytes.length]) {
    chunks.push(bytes.subarray(at, at + length));
    at = Math.min(bytes.length, at + length);
  }
  return chunks;
}

const aHello = fc.constantFrom(...HELLOS);
const lengths = fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 40 });
/** A real hello with a few bytes changed: what a fuzzer finds first. */
const aBrokenHello = fc
  .tuple(aHello, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }), fc.nat())
  .map(([hello, changes, cut]) => {
    const bytes = Buffer.from(hello);
    for (const [at, value] of changes) bytes[at % bytes.length] = value;
    return bytes.subarray(0, bytes.length - (cut % 8));
  });

it('any split into segments gives the same result', () => {
  fc.assert(
    fc.property(fc.oneof(aHello, aBrokenHello), lengths, (bytes, cuts) => {
      expect(outcome(split(bytes, cuts))).toBe(outcome([bytes]));
    }),
  );
});

it('any split into records gives the same hello', () => {
  fc.assert(
    fc.property(aHello, lengths, lengths, (hello, records, segments) => {
      const bytes = recordsOf(hello.subarray(5), records);
      expect(outcome(split(bytes, segments))).toBe(outcome([hello]));
    }),
  );
});

it('random bytes, and hellos with random bytes in them, give a hello or the one error', () => {
  const body = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes));
  fc.assert(fc.property(fc.oneof(body, aBrokenHello), (bytes) => void outcome([bytes])));
  fc.assert(
    fc.property(fc.oneof(body, aBrokenHello), (bytes) => {
      try {
        parseClientHello(bytes.subarray(9));
      } catch (error) {
        expect(error).toBeInstanceOf(ClientHelloError);
      }
    }),
  );
});
