// Authorities that are slow, busy, down for a while, or of another opinion: what Pebble never does comes from the front before it.
import { afterEach, expect, test } from 'vitest';
import { type AriAndProfilesFront, type FrontAnswer, problemAnswer } from '@dproxy/testkit/acme';
import { authorityAt, AuthorityUnderTest, failureOf, isPair, never, readChain } from './authority.ts';
import { startBehindFront } from './behind-front.ts';

const DAY_S = 86_400;

let subject: AuthorityUnderTest;
let front: AriAndProfilesFront;

startBehindFront((startedSubject, startedFront) => {
  subject = startedSubject;
  front = startedFront;
});

afterEach(() => {
  front.answer = () => undefined;
  front.change = (_request, answer) => answer;
  expect(subject.http.standing.size).toBe(0);
});

function request(name: string) {
  return subject.request([name], { authority: authorityAt(front.directory, subject.pebble.caFile) });
}

function withStatus(answer: FrontAnswer, status: string, more: object = {}): FrontAnswer {
  return { ...answer, body: { ...(answer.body as object), status, ...more } };
}

test('validations that take their time are waited for', async () => {
  await using slow = await AuthorityUnderTest.start({ validationSeconds: 2 });
  const names = ['a.slow.example.com', 'b.slow.example.com', 'c.slow.example.com', 'd.slow.example.com'];
  const issued = await slow.issuer.issue(slow.request(names), never());
  expect(isPair(issued.certificatePem, issued.keyPem)).toBe(true);
  expect(slow.http.standing.size).toBe(0);
});

test('a validation that never ends is given up, and its authorization deactivated', async () => {
  front.change = ({ path }, answer) => (path.startsWith('/authZ/') ? withStatus(answer, 'pending') : answer);
  const issuer = subject.newIssuer({ waits: { pollMs: 20, validationMs: 200 } });
  const failure = await failureOf(issuer.issue(request('endless.example.com'), never()));
  expect(failure).toMatchObject({ problem: 'unreachable', host: 'endless.example.com' });
  const last = front.requests.at(-1);
  expect(last?.path).toMatch(/^\/authZ\//);
  expect(last?.payload).toEqual({ status: 'deactivated' });
});

test('an order that stays processing is asked for until it is signed', async () => {
  let looks = 0;
  front.change = ({ path }, answer) => {
    const isOrder = path.startsWith('/my-order/') || path.startsWith('/finalize-order/');
    const { status } = answer.body as { readonly status?: string };
    if (!isOrder || (status !== 'processing' && status !== 'valid')) return answer;
    looks += 1;
    return looks > 4 ? answer : withStatus(answer, 'processing', { certificate: undefined });
  };
  const issued = await subject.issuer.issue(request('processing.example.com'), never());
  expect(readChain(issued.certificatePem)[0]?.subjectAltName).toBe('DNS:processing.example.com');
  expect(looks).toBeGreaterThan(4);
});

test('an order that stays processing for good is given up', async () => {
  front.change = ({ path }, answer) =>
    path.startsWith('/finalize-order/') || front.requests.some(({ path: one }) => one.startsWith('/finalize-order/'))
      ? withOrderStatus(path, answer)
      : answer;
  front.requests.length = 0;
  const issuer = subject.newIssuer({ waits: { pollMs: 20, issuanceMs: 200 } });
  const failure = await failureOf(issuer.issue(request('stuck.example.com'), never()));
  expect(failure).toMatchObject({ problem: 'unreachable', message: expect.stringContaining('processing') });
});

function withOrderStatus(path: string, answer: FrontAnswer): FrontAnswer {
  const isOrder = path.startsWith('/my-order/') || path.startsWith('/finalize-order/');
  return isOrder ? withStatus(answer, 'processing') : answer;
}

test('a lost answer to finalize does not lose the certificate', async () => {
  let isLost = false;
  front.change = ({ path }, answer) => {
    if (!path.startsWith('/finalize-order/') || isLost) return answer;
    isLost = true;
    return { status: 502, body: 'the balancer of the authority' };
  };
  const issued = await subject.issuer.issue(request('lost.example.com'), never());
  expect(isLost).toBe(true);
  expect(isPair(issued.certificatePem, issued.keyPem)).toBe(true);
});

test('an expired authorization and an invalid order end in a sentence', async () => {
  front.change = ({ path }, answer) => (path.startsWith('/authZ/') ? withStatus(answer, 'expired') : answer);
  const expired = await failureOf(subject.issuer.issue(request('expired.example.com'), never()));
  expect(expired).toMatchObject({ problem: 'rejected', host: 'expired.example.com' });
  expect(expired.message).toContain('expired');
  const error = { type: 'urn:ietf:params:acme:error:caa', detail: 'CAA forbids it' };
  front.change = ({ path }, answer) =>
    path.startsWith('/finalize-order/') ? withStatus(answer, 'invalid', { error }) : answer;
  const invalid = await failureOf(subject.issuer.issue(request('caa.example.com'), never()));
  expect(invalid).toMatchObject({ problem: 'rejected', message: expect.stringContaining('CAA forbids it') });
  expect(invalid.advice).toContain('CAA record');
});

test('busy for a moment: the request is sent again', async () => {
  let refusals = 0;
  front.answer = ({ path }) => {
    if (path !== '/order-plz' || refusals === 2) return undefined;
    refusals += 1;
    return { status: 503, headers: { 'retry-after': '0' } };
  };
  await subject.issuer.issue(request('busy.example.com'), never());
  expect(refusals).toBe(2);
});

test('busy for a day: no attempt waits for it, and the caller learns when', async () => {
  const headers = { 'retry-after': String(DAY_S) };
  front.requests.length = 0;
  front.answer = ({ path }) => (path === '/order-plz' ? { status: 503, headers } : undefined);
  const failure = await failureOf(subject.issuer.issue(request('down.example.com'), never()));
  expect(failure).toMatchObject({ problem: 'unreachable', retryAfterMs: DAY_S * 1000 });
  expect(front.requests.filter(({ path }) => path === '/order-plz')).toHaveLength(1);
  front.answer = ({ path }) => (path === '/dir' ? { status: 503, headers } : undefined);
  const restarted = await failureOf(subject.newIssuer().issue(request('down.example.com'), never()));
  expect(restarted).toMatchObject({ problem: 'unreachable', retryAfterMs: DAY_S * 1000 });
});

test('a rate limit is told with its end, from the header or from the text', async () => {
  const limited = (detail: string, headers: Readonly<Record<string, string>>) =>
    problemAnswer(429, 'rateLimited', detail, headers);
  front.answer = ({ path }) => (path === '/order-plz' ? limited('too many', { 'retry-after': '7200' }) : undefined);
  const byHeader = await failureOf(subject.issuer.issue(request('many.example.com'), never()));
  expect(byHeader).toMatchObject({ problem: 'rate-limited', retryAfterMs: 7_200_000 });
  const until = `${new Date(Date.now() + 3_600_000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  front.answer = ({ path }) => (path === '/order-plz' ? limited(`too many, retry after ${until}: see`, {}) : undefined);
  const byText = await failureOf(subject.issuer.issue(request('many.example.com'), never()));
  expect(byText.retryAfterMs).toBeGreaterThan(3_500_000);
  expect(byText.retryAfterMs).toBeLessThanOrEqual(3_600_000);
});

test('a connection that is cut is opened again', async () => {
  let cuts = 0;
  front.answer = ({ path }) => {
    if (path !== '/order-plz' || cuts === 1) return undefined;
    cuts += 1;
    return 'drop';
  };
  await subject.issuer.issue(request('cut.example.com'), never());
  expect(cuts).toBe(1);
});

test('an authorization for a name that was not ordered is not worked on', async () => {
  const identifier = { type: 'dns', value: 'bank.example.com' };
  front.change = ({ path }, answer) =>
    path.startsWith('/authZ/') ? { ...answer, body: { ...(answer.body as object), identifier } } : answer;
  const presented = subject.http.presented.length;
  const failure = await failureOf(subject.issuer.issue(request('mine.example.com'), never()));
  expect(failure.message).toContain('not ordered');
  expect(subject.http.presented).toHaveLength(presented);
});

test('a wildcard that the authority does not mark as one is known by what was ordered', async () => {
  front.change = ({ path }, answer) =>
    path.startsWith('/authZ/') ? { ...answer, body: { ...(answer.body as object), wildcard: undefined } } : answer;
  const authority = authorityAt(front.directory, subject.pebble.caFile);
  const wildcard = subject.request(['*.mine.example.com'], { authority, challenges: ['dns-01'] });
  expect(await subject.issuer.issue(wildcard, never())).toMatchObject({ names: ['*.mine.example.com'] });
});

test('another certificate than the ordered one is refused', async () => {
  const other = await subject.issuer.issue(request('other.example.com'), never());
  front.change = ({ path }, answer) =>
    path.startsWith('/certZ/') ? { ...answer, body: other.certificatePem } : answer;
  const failure = await failureOf(subject.issuer.issue(request('mine.example.com'), never()));
  expect(failure.message).toContain('for another key');
});

test('a valid authorization of an order before is taken over without a challenge', async () => {
  await using reusing = await AuthorityUnderTest.start({ authorizationReuse: 100 });
  await reusing.issuer.issue(reusing.request(['kept.example.com']), never());
  const presented = reusing.http.presented.length;
  await reusing.issuer.issue(reusing.request(['kept.example.com']), never());
  expect(reusing.http.presented).toHaveLength(presented);
});
