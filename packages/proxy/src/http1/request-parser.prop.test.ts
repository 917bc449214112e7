import { DEFAULT_LIMITS } from '@dproxy/core';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { cuts, edited, edits, places, requestText } from './corpus/arbitraries.ts';
import { readReference } from './corpus/reference-parser.ts';
import { REQUEST_CORPUS } from './corpus/request-corpus.ts';
import { Splitting } from './corpus/outcomes.ts';
import { parseRequestHead } from './request-parser.ts';

const splitting = new Splitting(
  (bytes, progress) => parseRequestHead(bytes, 1, bytes.length, DEFAULT_LIMITS, progress),
  'downstream',
);

it('a head reads the same byte by byte as whole', () => {
  splitting.expectSameByteByByte(REQUEST_CORPUS);
});

it('a head reads the same wherever it is cut once', () => {
  for (const { text } of REQUEST_CORPUS) {
    if (text.length > 500) continue;
    for (let at = 1; at < text.length; at++) splitting.expectSame(text, [at, text.length]);
  }
});

it('a changed head reads the same wherever it is cut', () => {
  fc.assert(
    fc.property(requestText, edits, places, (text, list, at) => {
      const changed = edited(text, list);
      if (changed !== '') splitting.expectSame(changed, cuts(changed.length, at));
    }),
    { numRuns: 1000 },
  );
});

it('what follows a head does not change it', () => {
  fc.assert(
    fc.property(requestText, fc.string({ unit: 'binary-ascii' }), (text, rest) => {
      const alone = splitting.outcome(text, [text.length]);
      expect(splitting.outcome(text + rest, [text.length + rest.length])).toEqual(alone);
    }),
  );
});

function hopFree(fields: readonly (readonly [string, string])[], passed: string): void {
  // Every line that goes on is one of the head, in the same order: nothing is joined, cut or made up.
  const lines = passed.split('\r\n').slice(0, -1);
  let at = 0;
  for (const line of lines) {
    const name = line.slice(0, line.indexOf(':')).toLowerCase();
    const value = line.slice(line.indexOf(':') + 1).replaceAll(/^[\t ]+|[\t ]+$/g, '');
    while (at < fields.length && (fields[at]?.[0] !== name || fields[at]?.[1] !== value)) at++;
    expect(at, `${line} is not in the head`).toBeLessThan(fields.length);
    at++;
    expect(name).not.toMatch(
      /^(?:host|connection|content-length|transfer-encoding|te|trailer|upgrade|keep-alive|expect|forwarded|x-forwarded.*|x-real-ip|x-debug|proxy.*)$/,
    );
  }
}

it('a changed head is refused, or read as a naive strict parser reads it', () => {
  let accepted = 0;
  fc.assert(
    fc.property(requestText, edits, fc.boolean(), (text, list, isChanged) => {
      const changed = isChanged ? edited(text, list) : text;
      const head = splitting.outcome(changed, [changed.length]);
      if (typeof head === 'string') return;
      accepted++;
      const reference = readReference(changed);
      expect(reference).toBeDefined();
      if (reference === undefined) return;
      const { method, hostHeader, framing, contentLength, byteLength } = reference;
      expect(head).toMatchObject({ method, hostHeader, framing, contentLength, byteLength });
      expect(reference.target.endsWith(head.target) || head.target === '*' || head.target.startsWith('/?')).toBe(true);
      hopFree(reference.fields, head.passed);
    }),
    { numRuns: 4000 },
  );
  // Without this the property could hold because nothing is ever accepted.
  expect(accepted).toBeGreaterThan(400);
});

it('random bytes are refused or incomplete, never an error of ours', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (random) => {
      const text = Buffer.from(random).toString('latin1');
      if (text !== '') splitting.outcome(text, [text.length]);
      splitting.outcome(`GET / HTTP/1.1\r\n${text}\r\n\r\n`, [text.length + 20]);
      splitting.outcome(`GET / HTTP/1.1\r\nHost: ${text}\r\n\r\n`, [text.length + 26]);
    }),
    { numRuns: 2000 },
  );
});
