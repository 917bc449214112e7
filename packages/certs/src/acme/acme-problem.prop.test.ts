import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { AcmeProblemError, readProblem } from './acme-problem.ts';
import { readAuthorization, readOrder } from './order-documents.ts';
import { readRenewalWindow } from './renewal-window.ts';

const url = fc.constantFrom('https://ca.test/1', 'ftp://ca.test', '', 'https://');
/** Documents that are nearly right, and any JSON. */
const document = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      status: fc.oneof(fc.constantFrom('pending', 'ready', 'valid', 'expired'), fc.jsonValue()),
      authorizations: fc.oneof(fc.array(url), fc.jsonValue()),
      finalize: fc.oneof(url, fc.jsonValue()),
      identifier: fc.oneof(fc.record({ type: fc.constant('dns'), value: fc.string() }), fc.jsonValue()),
      challenges: fc.oneof(
        fc.array(fc.record({ type: fc.constant('http-01'), url, token: fc.string() })),
        fc.jsonValue(),
      ),
      suggestedWindow: fc.oneof(fc.record({ start: fc.string(), end: fc.string() }), fc.jsonValue()),
      error: fc.jsonValue(),
      subproblems: fc.jsonValue(),
      detail: fc.jsonValue(),
    },
    { requiredKeys: [] },
  ),
);

test('no document makes a problem unreadable', () => {
  fc.assert(
    fc.property(document, fc.jsonValue(), (data, retryAfter) => {
      const problem = readProblem(data, { status: 400, retryAfter, nowMs: 0 });
      expect(problem.detail).not.toBe('');
      expect(problem.detail).not.toMatch(/\p{Cc}/u);
    }),
  );
});

test('an order or authorization is whole, or refused', () => {
  fc.assert(
    fc.property(document, (data) => {
      const answer = { status: 200, headers: {}, data };
      for (const read of [readOrder, readAuthorization]) {
        try {
          const { status } = read(answer, 'https://ca.test/order');
          expect(status).not.toBe('');
        } catch (error) {
          expect(error).toBeInstanceOf(AcmeProblemError);
        }
      }
    }),
  );
});

test('a renewal window is a window, or none', () => {
  fc.assert(
    fc.property(document, (data) => {
      const window = readRenewalWindow({ status: 200, headers: {}, data }, 0);
      if (window !== undefined) expect(window.endMs).toBeGreaterThan(window.startMs);
    }),
  );
});
