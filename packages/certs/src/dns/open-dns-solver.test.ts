import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '@dproxy/core';
import { eventually, tempFolder } from '@dproxy/testkit';
import { DnsTestServer, type FakeApi } from '@dproxy/testkit/dns';
import type { ChallengeSolver } from '../ports.ts';
import { challenge, startHook } from './_hook.ts';
import { openDnsSolver, type DnsSolverOptions } from './open-dns-solver.ts';

const signal = new AbortController().signal;
let ns1: DnsTestServer;
let ns2: DnsTestServer;
/** Stands for the resolver of the system: it knows who serves the zone. */
let resolver: DnsTestServer;
let hook: FakeApi;

beforeEach(async () => {
  ns1 = await DnsTestServer.start();
  ns2 = await DnsTestServer.start('127.0.0.2', ns1.port);
  resolver = await DnsTestServer.start();
  for (const server of [ns1, ns2, resolver]) {
    server.zones.push('example.test');
    server.add(
      { name: 'example.test', type: 'NS', value: 'ns1.example.test' },
      { name: 'example.test', type: 'NS', value: 'ns2.example.test' },
      { name: 'ns1.example.test', type: 'A', value: '127.0.0.1' },
      { name: 'ns2.example.test', type: 'A', value: '127.0.0.2' },
      { name: 'www.example.test', type: 'A', value: '127.0.0.9' },
    );
  }
  hook = await startHook(ns1, ns2);
});

afterEach(async () => {
  await Promise.all([ns1, ns2, resolver, hook].map((resource) => resource[Symbol.asyncDispose]()));
});

function openSolver(options: Record<string, string> = {}, more: Partial<DnsSolverOptions> = {}): ChallengeSolver {
  const settings = { provider: 'httpreq', options: { endpoint: hook.url, propagationMs: '10000', ...options } };
  return openDnsSolver(settings, {
    resolvers: [],
    systemResolvers: [resolver.address],
    authoritativePort: ns1.port,
    env: {},
    log: silentLog,
    ...more,
  });
}

function bodies(): unknown[] {
  return hook.requests.map(({ url, body }) => ({ path: url.pathname, ...(JSON.parse(body) as object) }));
}

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'it succeeded',
    (error: unknown) => error,
  );

describe('present', () => {
  it('resolves when every name server of the zone has the record, not before', async () => {
    await hook[Symbol.asyncDispose]();
    hook = await startHook(ns1);
    let isDone = false;
    const presented = openSolver()
      .present(challenge('www.example.test'), signal)
      .then(() => (isDone = true));
    const question = 'TXT _acme-challenge.www.example.test';
    await eventually(() => ns2.questions.filter((asked) => asked === question).length >= 2);
    expect(isDone).toBe(false);
    ns2.add({ name: '_acme-challenge.www.example.test', type: 'TXT', value: 'value-for-www.example.test' });
    await presented;
    expect(ns1.questions.filter((asked) => asked === question)).toHaveLength(1);
  });

  it('names the server that does not have the record at the deadline', async () => {
    await hook[Symbol.asyncDispose]();
    hook = await startHook(ns1);
    ns2.add({ name: '_acme-challenge.www.example.test', type: 'TXT', value: 'of somebody else' });
    const error = await failureOf(openSolver({ propagationMs: '1000' }).present(challenge('www.example.test'), signal));
    expect(error).toMatchObject({ name: 'IssueError', problem: 'unauthorized' });
    expect(String(error)).toContain('ns2.example.test has only 1 other value');
    expect(String(error)).not.toContain('ns1');
  });

  it('names the server that says nothing', async () => {
    ns2.isSilent = true;
    const error = await failureOf(openSolver({ propagationMs: '1000' }).present(challenge('www.example.test'), signal));
    expect(error).toMatchObject({ name: 'IssueError', problem: 'unreachable' });
    expect(String(error)).toMatch(/ns2\.example\.test .*did not answer/);
  });

  it('asks no name server for the record with propagationCheck: false', async () => {
    ns2.isSilent = true;
    await openSolver({ propagationCheck: 'false' }).present(challenge('www.example.test'), signal);
    expect(ns1.valuesOf('_acme-challenge.www.example.test')).toEqual(['value-for-www.example.test']);
    expect(ns1.questions).not.toContain('TXT _acme-challenge.www.example.test');
  });

  it('never asks the resolver of the system for the name, which it would remember as absent', async () => {
    await openSolver().present(challenge('*.example.test'), signal);
    expect(resolver.questions.filter((asked) => asked.includes('_acme-challenge'))).toEqual([]);
  });

  it('asks again over TCP when the answer was cut', async () => {
    for (const server of [ns1, ns2, resolver]) server.isTruncating = true;
    await openSolver().present(challenge('www.example.test'), signal);
    expect(ns1.questions.filter((asked) => asked.startsWith('TXT'))).toHaveLength(2);
  });

  it('ends with the reason of its signal', async () => {
    ns2.isSilent = true;
    const abort = new AbortController();
    const presented = failureOf(openSolver().present(challenge('www.example.test'), abort.signal));
    await eventually(() => ns1.questions.includes('TXT _acme-challenge.www.example.test'));
    abort.abort(new Error('the lease was lost'));
    expect(String(await presented)).toBe('Error: the lease was lost');
  });

  it('says what is wrong with the settings', async () => {
    const solver = openDnsSolver({ provider: 'cloudfare', options: {} }, { resolvers: [], env: {}, log: silentLog });
    const error = await failureOf(solver.present(challenge('www.example.test'), signal));
    expect(error).toMatchObject({ problem: 'misconfigured', advice: 'Did you mean cloudflare?' });
  });
});

describe('aliases', () => {
  it('are followed to where the record is made, and withdraw remembers the place', async () => {
    for (const server of [ns1, ns2, resolver]) {
      server.zones.push('answers.test');
      server.add(
        { name: 'answers.test', type: 'NS', value: 'ns1.example.test' },
        { name: '_acme-challenge.www.example.test', type: 'CNAME', value: 'hop.example.test' },
        { name: 'hop.example.test', type: 'CNAME', value: 'www.answers.test' },
      );
    }
    const solver = openSolver();
    await solver.present(challenge('www.example.test'), signal);
    for (const server of [ns1, ns2]) {
      server.remove({ name: '_acme-challenge.www.example.test', type: 'CNAME', value: 'hop.example.test' });
    }
    await solver.withdraw(challenge('www.example.test'));
    const record = { fqdn: 'www.answers.test.', value: 'value-for-www.example.test' };
    expect(bodies()).toEqual([
      { path: '/present', ...record },
      { path: '/cleanup', ...record },
    ]);
  });

  it('of a wildcard are not followed: the record takes their place', async () => {
    for (const server of [ns1, ns2, resolver]) {
      server.add({ name: '*.example.test', type: 'CNAME', value: 'home.dynamic.test' });
    }
    const solver = openSolver();
    await solver.present(challenge('example.test'), signal);
    await solver.withdraw(challenge('example.test'));
    expect(bodies()).toMatchObject([
      { path: '/present', fqdn: '_acme-challenge.example.test.' },
      { path: '/cleanup', fqdn: '_acme-challenge.example.test.' },
    ]);
  });

  it('that go round in a circle are told', async () => {
    for (const server of [ns1, ns2]) {
      server.add(
        { name: '_acme-challenge.www.example.test', type: 'CNAME', value: 'hop.example.test' },
        { name: 'hop.example.test', type: 'CNAME', value: '_acme-challenge.www.example.test' },
      );
    }
    const error = await failureOf(openSolver().present(challenge('www.example.test'), signal));
    expect(error).toMatchObject({ problem: 'misconfigured', host: 'www.example.test' });
    expect(String(error)).toContain('hop.example.test -> _acme-challenge.www.example.test');
    expect(hook.requests).toEqual([]);
  });

  it('of the host itself do not change whose zone the record is in', async () => {
    for (const server of [ns1, ns2, resolver]) {
      server.zones.push('cdn.test');
      server.add(
        { name: 'cdn.test', type: 'NS', value: 'ns.cdn.test' },
        { name: 'shop.example.test', type: 'CNAME', value: 'cdn.test' },
      );
    }
    await openSolver().present(challenge('shop.example.test'), signal);
    expect(ns1.questions).toContain('TXT _acme-challenge.shop.example.test');
    expect(ns2.questions).toContain('TXT _acme-challenge.shop.example.test');
  });
});

it('a challenge name that is delegated is checked at its own servers', async () => {
  await using own = await DnsTestServer.start('127.0.0.3', ns1.port);
  own.zones.push('_acme-challenge.example.test');
  for (const server of [ns1, ns2, resolver]) {
    server.add({ name: 'ns3.example.test', type: 'A', value: '127.0.0.3' });
    server.add({ name: '_acme-challenge.example.test', type: 'NS', value: 'ns3.example.test' });
  }
  await hook[Symbol.asyncDispose]();
  hook = await startHook(own);
  await openSolver().present(challenge('example.test'), signal);
  expect(own.questions).toContain('TXT _acme-challenge.example.test');
  expect(ns1.questions).not.toContain('TXT _acme-challenge.example.test');
});

describe('with acme.resolvers', () => {
  it('they must have the record, too, and are asked only after the name servers', async () => {
    await hook[Symbol.asyncDispose]();
    hook = await startHook(ns1);
    const presented = openSolver({}, { resolvers: [resolver.address] }).present(challenge('www.example.test'), signal);
    const question = 'TXT _acme-challenge.www.example.test';
    await eventually(() => ns2.questions.filter((asked) => asked === question).length >= 2);
    expect(resolver.questions).not.toContain(question);
    const record = {
      name: '_acme-challenge.www.example.test',
      type: 'TXT',
      value: 'value-for-www.example.test',
    } as const;
    ns2.add(record);
    await eventually(() => resolver.questions.includes(question));
    resolver.add(record);
    await presented;
  });

  it('name servers may be out of reach', async () => {
    ns1.isSilent = true;
    ns2.isSilent = true;
    await hook[Symbol.asyncDispose]();
    hook = await startHook(resolver);
    await openSolver({}, { resolvers: [resolver.address] }).present(challenge('www.example.test'), signal);
    expect(resolver.questions).toContain('TXT _acme-challenge.www.example.test');
  });
});

it('withdraw ends when its time is over, with an error that says so', async () => {
  const folder = await tempFolder();
  const path = join(folder.path, 'hook');
  await writeFile(path, '#!/bin/sh\nexec sleep 600\n', { mode: 0o755 });
  const settings = { provider: 'exec', options: { path } };
  const more = { resolvers: [], systemResolvers: [resolver.address], authoritativePort: ns1.port };
  const solver = openDnsSolver(settings, { ...more, env: {}, log: silentLog, withdrawMs: 500 });
  expect(await failureOf(solver.withdraw(challenge('www.example.test')))).toMatchObject({
    problem: 'unreachable',
    host: 'www.example.test',
    message: expect.stringContaining('did not remove the TXT record _acme-challenge.www.example.test') as string,
  });
  await folder.remove();
});

it('two values of one name live side by side, and each is withdrawn alone and twice without harm', async () => {
  const solver = openSolver();
  const base = challenge('example.test', 'one');
  const wildcard = challenge('*.example.test', 'two');
  await Promise.all([solver.present(base, signal), solver.present(wildcard, signal)]);
  expect(ns1.valuesOf('_acme-challenge.example.test').toSorted()).toEqual(['one', 'two']);
  await solver.withdraw(base);
  await solver.withdraw(base);
  expect(ns1.valuesOf('_acme-challenge.example.test')).toEqual(['two']);
});
