import { DEFAULT_LIMITS } from '@dproxy/core';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { cuts, edited, edits, places, responseText } from './corpus/arbitraries.ts';
import { RESPONSE_CORPUS } from './corpus/response-corpus.ts';
import { Splitting } from './corpus/outcomes.ts';
import { parseResponseHead } from './response-parser.ts';

const CONTEXT = { method: 'GET', offeredUpgrade: 'websocket', limits: DEFAULT_LIMITS };

const splitting = new Splitting(
  (bytes, progress) => parseResponseHead(bytes, 1, bytes.length, CONTEXT, progress),
  'upstream',
);

it('a response head reads the same byte by byte as whole', () => {
  splitting.expectSameByteByByte(RESPONSE_CORPUS);
});

it('a changed response head reads the same wherever it is cut', () => {
  fc.assert(
    fc.property(responseText, edits, places, (text, list, at) => {
      const changed = edited(text, list);
      if (changed !== '') splitting.expectSame(changed, cuts(changed.length, at));
    }),
    { numRuns: 1000 },
  );
});

it('no line end gets into what goes on but those between lines', () => {
  fc.assert(
    fc.property(responseText, edits, fc.boolean(), (text, list, isChanged) => {
      const head = splitting.outcome(isChanged ? edited(text, list) : text, [Number.MAX_SAFE_INTEGER]);
      if (typeof head === 'string') return;
      expect(head.reason).toMatch(/^[\t\x20-\x7e\x80-\xff]*$/);
      expect(head.passed).toMatch(/^(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)*$/);
    }),
    { numRuns: 2000 },
  );
});

it('random bytes are refused or incomplete, never an error of ours', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (random) => {
      const text = Buffer.from(random).toString('latin1');
      splitting.outcome(text, [text.length]);
      splitting.outcome(`HTTP/1.1 200 OK\r\n${text}\r\n\r\n`, [text.length + 21]);
    }),
    { numRuns: 2000 },
  );
});
