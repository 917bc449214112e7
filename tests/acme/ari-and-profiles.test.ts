// Renewal information (RFC 9773) and profiles, which Pebble 2.4 has not: from the front before it.
import { afterEach, expect, test } from 'vitest';
import { renewalId } from '@dproxy/certs';
import { type AriAndProfilesFront, problemAnswer } from '@dproxy/testkit/acme';
import { authorityAt, type AuthorityUnderTest, failureOf, never } from './authority.ts';
import { startBehindFront } from './behind-front.ts';

const HOUR_MS = 3_600_000;

let subject: AuthorityUnderTest;
let front: AriAndProfilesFront;

startBehindFront((startedSubject, startedFront) => {
  subject = startedSubject;
  front = startedFront;
});

afterEach(() => {
  front.answer = () => undefined;
  front.orders.length = 0;
});

function authority(profile = '') {
  return { ...authorityAt(front.directory, subject.pebble.caFile), profile };
}

async function issueOne(name: string, replaces = '') {
  return subject.issuer.issue(subject.request([name], { authority: authority(), replaces }), never());
}

function suggest(id: string, start: string, end: string, headers: Readonly<Record<string, string>> = {}) {
  const suggestedWindow = { start, end };
  const body = { suggestedWindow, explanationURL: 'https://ca.test/why' };
  front.renewalInfo.set(id, { status: 200, headers, body });
}

test('the window of a certificate, and when to ask again', async () => {
  const { certificatePem } = await issueOne('ari.example.com');
  suggest(renewalId(certificatePem), '2027-01-02T00:00:00Z', '2027-01-03T00:00:00Z', { 'retry-after': '3600' });
  const before = Date.now();
  const window = await subject.issuer.renewalWindow(authority(), certificatePem);
  expect(window).toMatchObject({
    startMs: Date.UTC(2027, 0, 2),
    endMs: Date.UTC(2027, 0, 3),
    explanationUrl: 'https://ca.test/why',
  });
  expect(window?.askAgainMs).toBeGreaterThanOrEqual(before + HOUR_MS);
  expect(window?.askAgainMs).toBeLessThanOrEqual(Date.now() + HOUR_MS);
});

test('no answer, an impossible window and an authority without any are all undefined', async () => {
  const { certificatePem } = await issueOne('none.example.com');
  expect(await subject.issuer.renewalWindow(authority(), certificatePem)).toBeUndefined();
  suggest(renewalId(certificatePem), '2027-01-03T00:00:00Z', '2027-01-02T00:00:00Z');
  expect(await subject.issuer.renewalWindow(authority(), certificatePem)).toBeUndefined();
  expect(await subject.issuer.renewalWindow(subject.authority, certificatePem)).toBeUndefined();
  expect(await subject.issuer.renewalWindow(authority(), 'no certificate')).toBeUndefined();
  const down = authorityAt('https://127.0.0.1:9/dir', subject.pebble.caFile);
  expect(await subject.issuer.renewalWindow(down, certificatePem)).toBeUndefined();
});

test('a renewal says what it replaces, and only where the authority knows of it', async () => {
  const first = await issueOne('renewed.example.com');
  const replaces = renewalId(first.certificatePem);
  await issueOne('renewed.example.com', replaces);
  expect(front.orders).toEqual([
    { identifiers: [{ type: 'dns', value: 'renewed.example.com' }] },
    { identifiers: [{ type: 'dns', value: 'renewed.example.com' }], replaces },
  ]);
});

test('what was replaced already is ordered again without saying so', async () => {
  const replaces = renewalId((await issueOne('twice.example.com')).certificatePem);
  front.orders.length = 0;
  front.answer = ({ path, payload }) =>
    path === '/order-plz' && payload?.['replaces'] !== undefined
      ? problemAnswer(409, 'alreadyReplaced', 'another order was faster')
      : undefined;
  expect(await issueOne('twice.example.com', replaces)).toMatchObject({ names: ['twice.example.com'] });
  expect(front.orders.map((order) => order['replaces'])).toEqual([replaces, undefined]);
});

test('a rate limit is not got around by ordering without replaces', async () => {
  front.answer = ({ path }) => (path === '/order-plz' ? problemAnswer(429, 'rateLimited', 'too many') : undefined);
  expect(await failureOf(issueOne('limited.example.com', 'aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE'))).toMatchObject({
    problem: 'rate-limited',
  });
  expect(front.orders).toHaveLength(1);
});

test('a profile is passed on; one that is not advertised is not even asked for', async () => {
  await subject.issuer.issue(subject.request(['short.example.com'], { authority: authority('short') }), never());
  expect(front.orders).toEqual([{ identifiers: [{ type: 'dns', value: 'short.example.com' }], profile: 'short' }]);
  const unknown = subject.request(['odd.example.com'], { authority: authority('odd') });
  const failure = await failureOf(subject.issuer.issue(unknown, never()));
  expect(failure).toMatchObject({ problem: 'misconfigured', message: expect.stringContaining('classic, short') });
  const none = subject.request(['odd.example.com'], { authority: { ...subject.authority, profile: 'short' } });
  expect(await failureOf(subject.issuer.issue(none, never()))).toMatchObject({ problem: 'misconfigured' });
  expect(front.orders).toHaveLength(1);
});
