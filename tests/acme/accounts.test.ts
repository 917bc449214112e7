// The account that orders are made with: opened once, kept, found again, opened anew.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AuthorityUnderTest, failureOf, never } from './authority.ts';

interface KeptAccount {
  readonly keyPem: string;
  readonly url: string;
  readonly email: string;
}

let subject: AuthorityUnderTest;

beforeAll(async () => {
  subject = await AuthorityUnderTest.start();
});

afterAll(async () => {
  await subject[Symbol.asyncDispose]();
});

function kept(): KeptAccount {
  expect([...subject.store.states.keys()]).toEqual([expect.stringMatching(/^account-127-0-0-1-[0-9a-f]{12}$/)]);
  return JSON.parse([...subject.store.states.values()][0] ?? '{}') as KeptAccount;
}

function damage(change: Partial<KeptAccount>): void {
  const [name = ''] = subject.store.states.keys();
  subject.store.states.set(name, JSON.stringify({ ...kept(), ...change }));
}

test('orders that begin at once open one account, with a key that no certificate has', async () => {
  const names = ['a', 'b', 'c', 'd'].map((letter) => `${letter}.example.com`);
  const issued = await Promise.all(names.map((name) => subject.issuer.issue(subject.request([name]), never())));
  expect(issued.map((certificate) => certificate.names[0])).toEqual(names);
  expect(subject.pebble.requests('sign-me-up')).toBe(1);
  const { keyPem } = kept();
  expect(issued.map((certificate) => certificate.keyPem)).not.toContain(keyPem);
  expect(new Set(issued.map((certificate) => certificate.keyPem)).size).toBe(4);
});

test('after a restart the same account is used without asking', async () => {
  const before = kept();
  const registrations = subject.pebble.requests('sign-me-up');
  await subject.newIssuer().issue(subject.request(['again.example.com']), never());
  expect(subject.pebble.requests('sign-me-up')).toBe(registrations);
  expect(kept()).toEqual(before);
});

test('a crash between key and registration, or a lost URL, finds the account of the key', async () => {
  const before = kept();
  damage({ url: '' });
  await subject.newIssuer().issue(subject.request(['found.example.com']), never());
  expect(kept()).toEqual(before);
});

test('another e-mail updates the contact of the same account', async () => {
  const before = kept();
  const updates = subject.pebble.requests('my-account');
  await subject.issuer.issue(subject.request(['mail.example.com'], { email: 'you@dproxy.test' }), never());
  expect(kept()).toEqual({ ...before, email: 'you@dproxy.test' });
  expect(subject.pebble.requests('my-account')).toBeGreaterThan(updates);
});

test('an account that the authority has forgotten is registered again, with the same key', async () => {
  const before = kept();
  damage({ url: before.url.replace(/[^/]+$/, '0123456789abcdef') });
  await subject.newIssuer().issue(subject.request(['forgotten.example.com'], { email: before.email }), never());
  expect(kept()).toEqual(before);
  damage({ url: before.url.replace(/[^/]+$/, '0123456789abcdef') });
  await subject.newIssuer().issue(subject.request(['forgotten.example.com'], { email: 'they@dproxy.test' }), never());
  expect(kept()).toEqual({ ...before, email: 'they@dproxy.test' });
});

test('a key that cannot be read any more gives way to a new account', async () => {
  const before = kept();
  damage({ keyPem: before.keyPem.slice(0, 60) });
  await subject.newIssuer().issue(subject.request(['new.example.com'], { email: before.email }), never());
  expect(kept().url).not.toBe(before.url);
});

test('two directories never share an account, whatever they are called', async () => {
  const directory = `${subject.authority.directory}?staging`;
  const request = subject.request(['staging.example.com'], { authority: { ...subject.authority, directory } });
  await subject.issuer.issue(request, never());
  const accounts = [...subject.store.states.values()].map((text) => JSON.parse(text) as KeptAccount);
  expect(new Set(accounts.map(({ url }) => url)).size).toBe(2);
  expect(new Set(accounts.map(({ keyPem }) => keyPem)).size).toBe(2);
});

test('an authority that wants an external account says so in words of dproxy.yml', async () => {
  const eab = { kid: 'kid-1', hmacKey: 'zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W' };
  await using strict = await AuthorityUnderTest.start({ eab });
  const missing = await failureOf(strict.issuer.issue(strict.request(['a.example.com']), never()));
  expect(missing).toMatchObject({ problem: 'misconfigured' });
  expect(missing.advice).toContain('eab (kid and hmacKey)');
  const wrong = strict.request(['a.example.com'], {
    authority: { ...strict.authority, eab: { ...eab, hmacKey: 'AAAA' } },
  });
  expect(await failureOf(strict.issuer.issue(wrong, never()))).toMatchObject({ problem: 'misconfigured' });
  const right = strict.request(['a.example.com'], { authority: { ...strict.authority, eab } });
  expect(await strict.issuer.issue(right, never())).toMatchObject({ names: ['a.example.com'] });
});
