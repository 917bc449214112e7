// What goes wrong while an authority checks a name: told with what to do, and nothing left behind.
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ChallengeAnswer } from '@dproxy/certs';
import { AuthorityUnderTest, failureOf, never } from './authority.ts';

let subject: AuthorityUnderTest;

beforeAll(async () => {
  subject = await AuthorityUnderTest.start();
});

afterAll(async () => {
  await subject[Symbol.asyncDispose]();
});

test('five wrong answers in a row: five orders, each unauthorized with what to look at', async () => {
  const orders = subject.pebble.requests('order-plz');
  subject.http.wrong = 'the neighbour answers';
  for (let attempt = 1; attempt <= 5; attempt++) {
    // oxlint-disable-next-line no-await-in-loop -- in a row
    const failure = await failureOf(subject.issuer.issue(subject.request(['wrong.example.com']), never()));
    expect(failure).toMatchObject({ problem: 'unauthorized', host: 'wrong.example.com', retryAfterMs: 0 });
    expect(failure.message).toContain('the neighbour answers');
    expect(failure.advice).toContain('port 80 of wrong.example.com');
    expect(subject.pebble.requests('order-plz') - orders).toBe(attempt);
  }
  subject.http.wrong = '';
  expect(subject.http.standing.size).toBe(0);
});

test('of several names the failure tells which one, and the others are finished first', async () => {
  await subject.pebble.dns.setAddresses('away.example.com', ['127.0.0.9']);
  const names = ['good.example.com', 'away.example.com'];
  const failure = await failureOf(subject.issuer.issue(subject.request(names), never()));
  expect(failure).toMatchObject({ problem: 'unauthorized', host: 'away.example.com' });
  expect(failure.advice).toContain('open port 80 of away.example.com');
  expect(subject.pebble.output).toContain('good.example.com');
  expect(subject.http.standing.size).toBe(0);
});

test('without TXT record dns-01 fails with the zone to look at', async () => {
  const silent = { present: () => Promise.resolve(), withdraw: () => Promise.resolve() };
  const issuer = subject.newIssuer({ solvers: new Map([['dns-01', silent]]) });
  const request = subject.request(['*.txt.example.com'], { challenges: ['dns-01'] });
  const failure = await failureOf(issuer.issue(request, never()));
  expect(failure).toMatchObject({ problem: 'unauthorized', host: '*.txt.example.com' });
  expect(failure.advice).toContain('acme.dns');
});

test('an answer that cannot be put up ends the order before the authority looks', async () => {
  const looks = subject.pebble.requests('chalZ');
  const withdrawn: string[] = [];
  const broken = {
    present: ({ host }: ChallengeAnswer) =>
      host === 'no.example.com' ? Promise.reject(new Error('zone is locked')) : Promise.resolve(),
    withdraw: async ({ host }: ChallengeAnswer) => {
      withdrawn.push(host);
    },
  };
  const issuer = subject.newIssuer({ solvers: new Map([['http-01', broken]]) });
  const failure = await failureOf(issuer.issue(subject.request(['yes.example.com', 'no.example.com']), never()));
  expect(failure).toMatchObject({ problem: 'internal', message: expect.stringContaining('zone is locked') });
  expect(subject.pebble.requests('chalZ')).toBe(looks);
  expect(withdrawn.sort()).toEqual(['no.example.com', 'yes.example.com']);
});

test('an aborted order ends at once, and its answers go', async () => {
  const abort = new AbortController();
  const begun = Promise.withResolvers<void>();
  const withdrawn: string[] = [];
  const slow = {
    present: async (_answer: ChallengeAnswer, signal: AbortSignal) => {
      begun.resolve();
      await once(signal, 'abort');
      signal.throwIfAborted();
    },
    withdraw: async ({ host }: ChallengeAnswer) => {
      withdrawn.push(host);
    },
  };
  const issuer = subject.newIssuer({ solvers: new Map([['http-01', slow]]) });
  const failing = failureOf(issuer.issue(subject.request(['slow.example.com']), abort.signal));
  await begun.promise;
  abort.abort(new Error('dproxy stops'));
  expect(await failing).toMatchObject({ problem: 'internal', message: expect.stringContaining('aborted') });
  expect(withdrawn).toEqual(['slow.example.com']);
});

test('a name that the authority refuses is rejected', async () => {
  const failure = await failureOf(subject.issuer.issue(subject.request(['under_score.example.com']), never()));
  expect(failure).toMatchObject({ problem: 'rejected', host: 'under_score.example.com' });
});

test('an authority that is down is unreachable, with its address; one that is not trusted asks for caFile', async () => {
  const down = { ...subject.authority, directory: 'https://127.0.0.1:9/dir' };
  const refused = await failureOf(subject.issuer.issue(subject.request(['a.test.com'], { authority: down }), never()));
  expect(refused).toMatchObject({ problem: 'unreachable', message: expect.stringContaining('ECONNREFUSED') });
  expect(refused.advice).toContain('127.0.0.1:9');
  const strange = { ...subject.authority, caFile: '' };
  const untrusted = await failureOf(
    subject.issuer.issue(subject.request(['a.test.com'], { authority: strange }), never()),
  );
  expect(untrusted).toMatchObject({ problem: 'unreachable', advice: expect.stringContaining('caFile') });
  const missing = { ...subject.authority, caFile: '/nowhere/ca.pem' };
  const failure = await failureOf(
    subject.issuer.issue(subject.request(['a.test.com'], { authority: missing }), never()),
  );
  expect(failure).toMatchObject({ problem: 'misconfigured', message: expect.stringContaining('/nowhere/ca.pem') });
});
