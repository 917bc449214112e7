import { expect, test } from 'vitest';
import type { AcmeProblem } from './acme-problem.ts';
import { explainProblem, type ProblemContext } from './explain-problem.ts';

const AUTHORITY = { name: 'ca', directory: 'https://ca.test/dir', eab: undefined, profile: 'odd', caFile: '' };
const CONTEXT: ProblemContext = { authority: AUTHORITY, host: 'a.example', caaIdentities: ['ca.test'] };

function problem(type: string, more: Partial<AcmeProblem> = {}): AcmeProblem {
  return { type, detail: 'because', host: '', status: 403, retryAfterMs: 0, instance: '', ...more };
}

/** RFC 8555 section 6.7, RFC 9773 section 7.4, draft-ietf-acme-profiles. */
test.each([
  ['accountDoesNotExist', 'rejected'],
  ['alreadyReplaced', 'rejected'],
  ['alreadyRevoked', 'rejected'],
  ['badCSR', 'rejected'],
  ['badNonce', 'unreachable'],
  ['badPublicKey', 'rejected'],
  ['badSignatureAlgorithm', 'rejected'],
  ['caa', 'rejected'],
  ['connection', 'unauthorized'],
  ['dns', 'unauthorized'],
  ['externalAccountRequired', 'misconfigured'],
  ['incorrectResponse', 'unauthorized'],
  ['invalidContact', 'misconfigured'],
  ['invalidProfile', 'misconfigured'],
  ['malformed', 'rejected'],
  ['orderNotReady', 'internal'],
  ['rateLimited', 'rate-limited'],
  ['rejectedIdentifier', 'rejected'],
  ['serverInternal', 'unreachable'],
  ['tls', 'unauthorized'],
  ['unauthorized', 'unauthorized'],
  ['unsupportedContact', 'misconfigured'],
  ['unsupportedIdentifier', 'rejected'],
  ['userActionRequired', 'misconfigured'],
  ['constructor', 'unauthorized'],
])('%s is %s, with an advice', (type, kind) => {
  const error = explainProblem(problem(type), { ...CONTEXT, challenge: 'http-01' });
  expect(error).toMatchObject({ problem: kind, host: 'a.example' });
  expect(error.message).toBe(`ca: a.example: because (${type})`);
  expect(error.advice.length).toBeGreaterThan(20);
});

test('the advice names the authority of a CAA record, the page to open, the profile that is unknown', () => {
  expect(explainProblem(problem('caa'), CONTEXT).advice).toContain('allows ca.test');
  const instance = 'https://ca.test/terms';
  expect(explainProblem(problem('userActionRequired', { instance }), CONTEXT).advice).toContain(instance);
  expect(explainProblem(problem('invalidProfile'), CONTEXT).advice).toContain('"odd"');
});

test('the advice looks at the port or zone of the challenge, and at no records of an address', () => {
  const advice = (challenge: 'http-01' | 'tls-alpn-01' | 'dns-01', host = 'a.example') =>
    explainProblem(problem('unauthorized'), { ...CONTEXT, host, challenge }).advice;
  expect(advice('http-01')).toContain('port 80 of a.example');
  expect(advice('tls-alpn-01')).toContain('port 443 of a.example');
  expect(advice('dns-01')).toContain('acme.dns');
  expect(advice('http-01', '192.0.2.1')).not.toContain('AAAA');
});

test('refused without a challenge, unauthorized is about the account', () => {
  const error = explainProblem(problem('unauthorized'), CONTEXT);
  expect(error).toMatchObject({ problem: 'rejected', advice: expect.stringContaining('account') });
});

test.each(['unauthorized', 'malformed'])(
  '%s with an external account is about that, and mended in the file',
  (type) => {
    const authority = { ...AUTHORITY, eab: { kid: 'k', hmacKey: 'h' } };
    const error = explainProblem(problem(type), { ...CONTEXT, authority });
    expect(error).toMatchObject({
      problem: 'misconfigured',
      advice: expect.stringContaining('see that eab of ca is right'),
    });
    const proof = explainProblem(problem(type), { ...CONTEXT, authority, challenge: 'http-01' });
    expect(proof.problem).not.toBe('misconfigured');
  },
);

test('what is no ACME error goes by its status', () => {
  expect(explainProblem(problem('', { status: 429, retryAfterMs: 5 }), CONTEXT)).toMatchObject({
    problem: 'rate-limited',
    retryAfterMs: 5,
  });
  expect(explainProblem(problem('', { status: 502 }), CONTEXT).problem).toBe('unreachable');
  expect(explainProblem(problem('', { status: 404 }), CONTEXT).advice).toContain('https://ca.test/dir');
});
