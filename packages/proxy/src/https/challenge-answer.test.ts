import type { Challenge } from '@dproxy/core';
import { echo, Origin } from '@dproxy/testkit';
import { describe, expect, test } from 'vitest';
import { getRequest } from '../fixtures/edge.ts';
import { startHttpsEdge, valuesOf } from '../fixtures/https-edge.ts';

const TOKEN = 'LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0';
const ANSWER = `${TOKEN}.9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI`;
const CHALLENGE: Challenge = {
  id: `http-01:${TOKEN}`,
  type: 'http-01',
  host: 'a.test',
  token: TOKEN,
  keyAuthorization: ANSWER,
};
const PATH = `/.well-known/acme-challenge/${TOKEN}`;

function edgeWith(origin: Origin, passChallenges = false) {
  return startHttpsEdge({
    routes: [
      { host: 'a.test', to: origin },
      { host: '*.wild.test', to: origin, plugins: ['absent'] },
    ],
    challenges: [CHALLENGE],
    settings: { passChallenges },
  });
}

describe('http-01', () => {
  test.each(['a.test', 'A.TEST.', 'a.test:80', 'x.wild.test', 'unrouted.test', '192.0.2.1', '[2001:db8::1]'])(
    'is answered before anything else, when it is asked of %s',
    async (host) => {
      await using origin = await Origin.start();
      await using edge = await edgeWith(origin);
      const answer = await edge.ask(getRequest(host, PATH));
      expect([answer.status, answer.body.text]).toEqual([200, ANSWER]);
      expect(valuesOf(answer, 'content-type')).toEqual(['text/plain']);
      expect(valuesOf(answer, 'content-length')).toEqual([String(ANSWER.length)]);
      expect(origin.requests).toEqual([]);
    },
  );

  test('is answered over HTTPS, too, and in absolute form, with a query, and by HEAD without its body', async () => {
    await using origin = await Origin.start();
    await using edge = await edgeWith(origin);
    expect((await edge.ask(getRequest('a.test', PATH), { servername: 'a.test' })).body.text).toBe(ANSWER);
    expect((await edge.ask(getRequest('a.test', `http://a.test${PATH}?x=1`))).body.text).toBe(ANSWER);
    const head = await edge.ask(`HEAD ${PATH} HTTP/1.1\r\nHost: a.test\r\n\r\n`);
    expect([head.status, head.body.text, valuesOf(head, 'content-length')]).toEqual([200, '', [String(ANSWER.length)]]);
  });

  test('ends with its challenge', async () => {
    await using origin = await Origin.start();
    await using edge = await edgeWith(origin);
    using client = await edge.connect();
    await client.write(getRequest('a.test', PATH));
    expect((await client.readResponse()).status).toBe(200);
    await edge.apply({ routes: { 'a.test': origin }, challenges: [] });
    await client.write(getRequest('a.test', PATH));
    expect((await client.readResponse()).status).toBe(404);
    expect(origin.requests).toEqual([]);
  });
});

describe('the path of http-01', () => {
  test.each([
    '/.well-known/acme-challenge',
    '/.well-known/acme-challenge/',
    '/.well-known/acme-challenge/unknown',
    `${PATH}/`,
    `${PATH}x`,
    `${PATH}/more`,
    '/.well-known/acme-challenge/__proto__',
    '/.well-known/acme-challenge/toString',
  ])('belongs to nobody else: %s', async (path) => {
    await using origin = await Origin.start();
    await using edge = await edgeWith(origin);
    expect((await edge.ask(getRequest('a.test', path))).status).toBe(404);
    expect((await edge.ask(getRequest('a.test', path), { servername: 'a.test' })).status).toBe(404);
    expect(origin.requests).toEqual([]);
  });

  test('answers no other method', async () => {
    await using origin = await Origin.start();
    await using edge = await edgeWith(origin);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const request = `${method} ${PATH} HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n`;
      expect((await edge.ask(request)).status).toBe(404);
    }
    expect(origin.requests).toEqual([]);
  });

  test('goes to the routes in clear where the operator says so, but for our own challenges', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await edgeWith(origin, true);
    expect((await edge.ask(getRequest('a.test', PATH))).body.text).toBe(ANSWER);
    expect((await edge.ask(getRequest('a.test', `${PATH}x`))).status).toBe(200);
    expect(origin.requests.map(({ target }) => target)).toEqual([`${PATH}x`]);
  });

  test('is only that path', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await edgeWith(origin);
    const paths = ['/.well-known/acme-challengex', '/.well-known/security.txt', '/.WELL-KNOWN/acme-challenge/x'];
    for (const path of paths) {
      expect((await edge.ask(getRequest('a.test', path), { servername: 'a.test' })).status).toBe(200);
    }
    expect(origin.requests.map(({ target }) => target)).toEqual(paths);
  });
});
