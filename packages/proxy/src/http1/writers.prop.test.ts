import { DEFAULT_LIMITS, ProxyError } from '@dproxy/core';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { requestText, responseText } from './corpus/arbitraries.ts';
import { readReference } from './corpus/reference-parser.ts';
import { HeadProgress } from './head-progress.ts';
import type { RequestHead, ResponseHead } from './message.ts';
import { parseRequestHead } from './request-parser.ts';
import { writeRequestHead } from './request-writer.ts';
import { parseResponseHead } from './response-parser.ts';
import { clientFraming, writeResponseHead } from './response-writer.ts';

function orRefused<Head>(run: () => Head): Head | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof ProxyError) return undefined;
    throw error;
  }
}

function readRequest(text: string): RequestHead | undefined {
  const bytes = Buffer.from(text, 'latin1');
  return orRefused(() => parseRequestHead(bytes, 0, bytes.length, DEFAULT_LIMITS, new HeadProgress()));
}

function readResponse(text: string, method: string, offeredUpgrade = ''): ResponseHead | undefined {
  const bytes = Buffer.from(text, 'latin1');
  const context = { method, offeredUpgrade, limits: DEFAULT_LIMITS };
  return orRefused(() => parseResponseHead(bytes, 0, bytes.length, context, new HeadProgress()));
}

it('a request that was written reads as the one that was parsed', () => {
  let written = 0;
  fc.assert(
    fc.property(requestText, (text) => {
      const head = readRequest(text);
      if (head === undefined) return;
      written++;
      const output = writeRequestHead(head, { forwardedBlock: '', debugBlock: '', rules: undefined });
      // Self-said things do not come back: they were taken out on the way in.
      const claims = { xForwardedFor: '', xForwardedProto: '', xForwardedHost: '', xForwardedPort: '', xRealIp: '' };
      expect(readRequest(output)).toEqual({
        ...head,
        minorVersion: 1,
        keepAlive: true,
        expectContinue: false,
        debug: false,
        claims: { ...claims, any: /^via:/im.test(head.passed) },
        byteLength: output.length,
      });
      expect(readReference(output)).toMatchObject({ framing: head.framing, contentLength: head.contentLength });
    }),
    { numRuns: 2000 },
  );
  expect(written).toBeGreaterThan(200);
});

it('a response that was written reads as the one that was parsed', () => {
  let written = 0;
  const method = fc.constantFrom('GET', 'HEAD');
  fc.assert(
    fc.property(
      responseText,
      method,
      fc.constantFrom(0, 1),
      fc.boolean(),
      (text, asked, clientMinorVersion, keepAlive) => {
        const head = readResponse(text, asked);
        if (head === undefined || head.status < 200) return;
        written++;
        const additions = { clientMinorVersion, keepAlive, debugBlock: '', rules: undefined } as const;
        const output = writeResponseHead(head, additions);
        const framing = clientFraming(head, clientMinorVersion);
        expect(readResponse(output, asked)).toEqual({
          ...head,
          minorVersion: 1,
          framing,
          statedLength: head.status === 204 ? -1 : head.statedLength,
          keepAlive: keepAlive && framing !== 'close',
          keepAliveTimeoutMs: 0,
          byteLength: output.length,
        });
      },
    ),
    { numRuns: 2000 },
  );
  expect(written).toBeGreaterThan(200);
});
