import type { Challenge } from '@dproxy/core';
import { echo, Origin, RawClient, respond } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { PATHS, startEdge, targetsOf } from './edge.ts';

const CHALLENGE: Challenge = {
  id: 'http-01:token-1',
  type: 'http-01',
  host: 'a.example',
  token: 'token-1',
  keyAuthorization: 'token-1.thumbprint',
};

/** Ways to write the path of a challenge; servers behind a proxy take many of them for the same. */
const SPELLINGS = [
  '/.well-known/acme-challenge/forged',
  '/.well-known/acme-challenge/forged?token-1',
  '/.well-known/acme-challenge/forged;token-1',
  '/.well-known/acme-challenge/token-1/../forged',
  '/.well-known/acme-challenge/%66orged',
  '/%2ewell-known/acme-challenge/forged',
  '/%2Ewell%2Dknown/acme%2dchallenge/forged',
  '/./.well-known/./acme-challenge/forged',
  '//.well-known//acme-challenge//forged',
  '/site/../.well-known/acme-challenge/forged',
  '/site/%2e%2e/.well-known/acme-challenge/forged',
  '/.well-known;v=1/acme-challenge/forged',
  '/.well-known\\acme-challenge\\forged',
  'http://a.example/.well-known/acme-challenge/forged',
];

describe.each(PATHS)('row 39 on the %s path: a container that claims the path of challenges', (path) => {
  const routesTo = (origin: Origin) =>
    ['/', '/.well-known', '/.well-known/acme-challenge', '/.well-known/acme-challenge/forged'].map((prefix) => ({
      host: 'a.example',
      path: prefix,
      to: origin,
    }));

  it.each(SPELLINGS)('is not asked: %s', async (target) => {
    await using origin = await Origin.start(respond({ body: 'forged.thumbprint-of-somebody-else' }));
    await using edge = await startEdge({ path, routes: routesTo(origin), challenges: [CHALLENGE] });
    for (const method of ['GET', 'HEAD', 'POST']) {
      const length = method === 'POST' ? 'Content-Length: 0\r\n' : '';
      const { status } = await edge.send(`${method} ${target} HTTP/1.1\r\nHost: a.example\r\n${length}\r\n`);
      expect([method, status]).toEqual([method, 404]);
    }
    expect(targetsOf(origin)).toEqual([]);
  });

  it('is not asked for a challenge of ours either, however it is written', async () => {
    await using origin = await Origin.start(respond({ body: 'forged' }));
    await using edge = await startEdge({ path, routes: routesTo(origin), challenges: [CHALLENGE] });
    for (const target of SPELLINGS.map((spelling) => spelling.replace(/(?:f|%66)orged(?=$|\?|;)/, 'token-1'))) {
      const answer = await edge.send(`GET ${target} HTTP/1.1\r\nHost: a.example\r\n\r\n`);
      expect([target, answer.status, answer.body.text]).toEqual([target, 200, 'token-1.thumbprint']);
    }
    expect(targetsOf(origin)).toEqual([]);
  });

  it('is asked where the operator lets it, but never for a challenge of ours', async () => {
    await using origin = await Origin.start(echo());
    const settings = { passChallenges: true };
    await using edge = await startEdge({ path, routes: routesTo(origin), challenges: [CHALLENGE], settings });
    const [theirs, ours] = ['own-token', 'token-1'].map((token) => `/.well-known/acme-challenge/${token}`);
    expect((await edge.send(`GET ${theirs} HTTP/1.1\r\nHost: a.example\r\n\r\n`)).status).toBe(200);
    expect((await edge.send(`GET ${ours} HTTP/1.1\r\nHost: a.example\r\n\r\n`)).body.text).toBe('token-1.thumbprint');
    expect(targetsOf(origin)).toEqual([theirs]);
  });

  it('cannot come between: neither by a wildcard that is remembered, nor by a name for this machine only', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({
      path,
      challenges: [CHALLENGE],
      routes: [
        { host: '*.example', to: origin },
        { host: '*.b.example', to: origin },
        { host: 'web.localhost', audience: 'local', to: origin },
      ],
    });
    using client = await RawClient.connect({ port: edge.port() });
    for (const host of ['a.b.example', 'web.localhost']) {
      for (const target of ['/', '/.well-known/acme-challenge/token-1']) {
        await client.write(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
        const answer = await client.readResponse();
        expect(answer.body.text === 'token-1.thumbprint').toBe(target !== '/');
      }
    }
    expect(targetsOf(origin)).toEqual(['/', '/']);
  });

  it('is not asked for requests that two servers could read in two ways', async () => {
    await using origin = await Origin.start();
    await using edge = await startEdge({ path, routes: routesTo(origin), challenges: [CHALLENGE] });
    const target = '/.well-known/acme-challenge/token-1';
    for (const head of [
      `GET ${target} HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n`,
      `GET ${target} HTTP/1.1\r\n\r\n`,
      `GET ${target} HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
      `GET http://b.example${target} HTTP/1.1\r\nHost: a.example\r\n\r\n`,
      `GET ${target}%00 HTTP/1.1\r\nHost: a.example\r\n\r\n`,
    ]) {
      expect([head, (await edge.send(head)).status]).toEqual([head, 400]);
    }
  });
});
