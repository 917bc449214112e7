// RFC 2136 updates with TSIG against BIND's named.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDnsSolver, type ChallengeAnswer, type ChallengeSolver } from '@dproxy/certs';
import { silentLog } from '@dproxy/core';
import { BindServer } from '@dproxy/testkit/dns';

const SECRETS = {
  'acme-256': 'c2VjcmV0IG9mIHRoZSBrZXkgd2l0aCAyNTYgYml0cyE=',
  'acme-512': 'YW5vdGhlciBzZWNyZXQsIGZvciB0aGUga2V5IHdpdGggNTEyIGJpdHMsIG11Y2ggbG9uZ2VyIQ==',
};
const signal = new AbortController().signal;
let bind: BindServer;

beforeAll(async () => {
  const policy = Object.keys(SECRETS).map((key) => `grant ${key} name _acme-challenge.example.test. TXT;`);
  bind = await BindServer.start({
    keys: [
      { name: 'acme-256', algorithm: 'hmac-sha256', secret: SECRETS['acme-256'] },
      { name: 'acme-512', algorithm: 'hmac-sha512', secret: SECRETS['acme-512'] },
    ],
    zones: [
      { name: 'example.test', policy: policy.join(' ') },
      { name: 'sub.example.test', policy: 'grant acme-256 zonesub TXT;' },
      { name: 'locked.test', policy: '' },
    ],
  });
});

afterAll(async () => {
  await bind[Symbol.asyncDispose]();
});

function openSolver(more: Readonly<Record<string, string>> = {}): ChallengeSolver {
  const options = {
    nameserver: bind.address,
    tsigKey: 'acme-256',
    tsigSecret: SECRETS['acme-256'],
    propagationMs: '10000',
    ...more,
  };
  const settings = { provider: 'rfc2136', options };
  return openDnsSolver(settings, {
    resolvers: [],
    systemResolvers: [bind.address],
    authoritativePort: bind.port,
    env: {},
    log: silentLog,
  });
}

function challenge(host: string, recordValue: string): ChallengeAnswer {
  const name = host.replace(/^\*\./, '');
  return {
    type: 'dns-01',
    host,
    recordName: `_acme-challenge.${name}`,
    recordValue,
    token: 'token',
    keyAuthorization: 'token.thumbprint',
  };
}

describe('a zone that takes updates', () => {
  it('has the record when present resolves, and not after withdraw', async () => {
    const solver = openSolver();
    const answer = challenge('example.test', 'value-of-one-name');
    await solver.present(answer, signal);
    expect(await bind.txtOf('_acme-challenge.example.test')).toEqual(['value-of-one-name']);
    await solver.withdraw(answer);
    expect(await bind.txtOf('_acme-challenge.example.test')).toEqual([]);
  });

  it('has the values of a name and its wildcard at once, and loses only the withdrawn one', async () => {
    const solver = openSolver();
    const base = challenge('example.test', 'value-of-base');
    const wildcard = challenge('*.example.test', 'value-of-wildcard');
    await Promise.all([solver.present(base, signal), solver.present(wildcard, signal)]);
    expect(await bind.txtOf('_acme-challenge.example.test')).toEqual(['value-of-base', 'value-of-wildcard']);
    await solver.withdraw(base);
    expect(await bind.txtOf('_acme-challenge.example.test')).toEqual(['value-of-wildcard']);
    await solver.withdraw(wildcard);
    await solver.withdraw(wildcard);
    expect(await bind.txtOf('_acme-challenge.example.test')).toEqual([]);
  });

  it('is cleaned by another process, which finds the record by its value', async () => {
    const answer = challenge('example.test', 'left-behind');
    await openSolver().present(answer, signal);
    await openSolver().withdraw(answer);
    expect(await bind.txtOf('_acme-challenge.example.test')).toEqual([]);
  });

  it('takes what is signed with HMAC-SHA512 and named with a final dot', async () => {
    const solver = openSolver({ tsigKey: 'acme-512.', tsigSecret: SECRETS['acme-512'], tsigAlgorithm: 'hmac-sha512.' });
    const answer = challenge('example.test', 'signed-with-512');
    await solver.present(answer, signal);
    expect(await bind.txtOf('_acme-challenge.example.test')).toEqual(['signed-with-512']);
    await solver.withdraw(answer);
  });

  it('is the longest one that the name is in', async () => {
    const solver = openSolver();
    const answer = challenge('deep.sub.example.test', 'in-the-sub-zone');
    await solver.present(answer, signal);
    expect(await bind.txtOf('_acme-challenge.deep.sub.example.test')).toEqual(['in-the-sub-zone']);
    await solver.withdraw(answer);
  });
});

describe('an update that the server refuses', () => {
  const cases: readonly [string, string, Readonly<Record<string, string>>, RegExp, RegExp][] = [
    [
      'with the wrong secret says so',
      'example.test',
      { tsigSecret: Buffer.alloc(32, 7).toString('base64') },
      /BADSIG/,
      /tsigSecret/,
    ],
    ['with an unknown key says so', 'example.test', { tsigKey: 'nobody' }, /BADKEY/, /tsigKey/],
    [
      'with another algorithm than that of the key says so',
      'example.test',
      { tsigAlgorithm: 'hmac-sha384' },
      /BADKEY/,
      /tsigAlgorithm/,
    ],
    ['in a zone without a policy names that zone', 'locked.test', {}, /REFUSED.*in locked\.test/, /update-policy/],
    [
      'for a name without a grant names it',
      'other.example.test',
      {},
      /REFUSED.*_acme-challenge\.other\.example\.test/,
      /update-policy/,
    ],
    [
      'for a name of no zone of it says that',
      'elsewhere.invalid',
      {},
      /no zone for _acme-challenge\.elsewhere\.invalid/,
      /primary/,
    ],
  ];
  it.each(cases)('%s', async (_, host, options, message, advice) => {
    const secret = options['tsigSecret'] ?? SECRETS['acme-256'];
    const solver = openSolver(options);
    const error: unknown = await solver.present(challenge(host, 'v'), signal).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      name: 'IssueError',
      problem: 'misconfigured',
      message: expect.stringMatching(message) as string,
      advice: expect.stringMatching(advice) as string,
    });
    expect(String(error)).not.toContain(secret);
  });

  it('by a clock that is an hour wrong says so', async () => {
    const settings = {
      provider: 'rfc2136',
      options: { nameserver: bind.address, tsigKey: 'acme-256', tsigSecret: SECRETS['acme-256'] },
    };
    const solver = openDnsSolver(settings, {
      resolvers: [],
      systemResolvers: [bind.address],
      authoritativePort: bind.port,
      env: {},
      log: silentLog,
      nowMs: () => Date.now() - 3_600_000,
    });
    await expect(solver.present(challenge('example.test', 'v'), signal)).rejects.toMatchObject({
      name: 'IssueError',
      message: expect.stringMatching(/BADTIME/) as string,
    });
  });
});
