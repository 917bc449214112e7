import { describe, expect, it } from 'vitest';
import { ERRORS, ProxyError, type ErrorCode } from './errors.ts';
import { mayRetry, mayTryCandidates, type Attempt } from './retry-policy.ts';

const FIRST_GET: Attempt = { method: 'GET', bodyBytesSent: 0, attempt: 1, maxAttempts: 3 };

function may(code: ErrorCode, more: Partial<Attempt> = {}): boolean {
  return mayRetry(new ProxyError(code), { ...FIRST_GET, ...more });
}

describe('mayRetry', () => {
  it('repeats any request that never left, up to the limit', () => {
    expect(may('upstream-refused', { method: 'POST' })).toBe(true);
    expect(may('upstream-connect-timeout', { method: 'POST', attempt: 2 })).toBe(true);
    expect(may('upstream-refused', { attempt: 3 })).toBe(false);
  });

  it('repeats after a keep-alive race once, and only what is idempotent (RFC 9110 section 9.2.2)', () => {
    const methods = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'POST', 'PATCH', 'get', 'PROPFIND'];
    expect(methods.filter((method) => may('upstream-closed-idle', { method }))).toEqual(methods.slice(0, 6));
    expect(may('upstream-closed-idle', { attempt: 2 })).toBe(false);
    expect(methods.filter((method) => may('upstream-closed-empty', { method }))).toEqual(methods.slice(0, 6));
  });

  it('never repeats once a byte of the body is gone', () => {
    const codes = Object.keys(ERRORS) as ErrorCode[];
    expect(codes.filter((code) => may(code, { method: 'PUT', bodyBytesSent: 1 }))).toEqual([]);
  });

  it('repeats what asks for no change twice, where two backends end one after the other', () => {
    expect(may('upstream-closed-empty', { attempt: 2 })).toBe(true);
    expect(may('upstream-closed-empty', { attempt: 2, method: 'DELETE' })).toBe(false);
    expect(may('upstream-closed-empty', { attempt: 3 })).toBe(false);
  });

  it('repeats after no other error', () => {
    const codes = (Object.keys(ERRORS) as ErrorCode[]).filter((code) => may(code));
    expect(codes).toEqual([
      'upstream-refused',
      'upstream-unresolved',
      'upstream-tls',
      'upstream-connect-timeout',
      'upstream-closed-idle',
      'upstream-closed-empty',
    ]);
  });
});

it('shows only safe requests without a body to several candidates', () => {
  expect(mayTryCandidates('GET', false)).toBe(true);
  expect(mayTryCandidates('GET', true)).toBe(false);
  expect(mayTryCandidates('PUT', false)).toBe(false);
  expect(mayTryCandidates('POST', false)).toBe(false);
});
