import { DEFAULT_BALANCE, type Backend, type StickyCookie } from '@dproxy/core';
import {
  eventually,
  freePort,
  hold,
  listenerOf,
  RawClient,
  streamOf,
  upgradeEcho,
  type RouteSpec,
} from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { answers, Backends } from '../fixtures/backends.ts';
import { getRequest, startEdge } from '../fixtures/edge.ts';

const STICKY: StickyCookie = {
  name: 'srv',
  path: '',
  domain: '',
  secure: false,
  httpOnly: false,
  sameSite: '',
  maxAgeS: 0,
};

/** A route to these, of whom some drain. */
function routeTo(backends: Backends, draining: string, more: Partial<RouteSpec> = {}): RouteSpec {
  const { to, ...route } = backends.route({}, more);
  const specs = (to as readonly { readonly id: string; readonly port: number }[]).map((spec) => ({
    ...spec,
    ...drainingIf(draining.includes(spec.id.slice(-1))),
  }));
  return { ...route, ...more, to: specs };
}

function drainingIf(isDraining: boolean): Partial<Backend> {
  return isDraining ? { state: 'draining', reason: 'it was told to end' } : {};
}

describe('a backend that drains', () => {
  it('gets nothing new, finishes what it has, and loses its idle connections at once', async () => {
    const held = hold();
    await using backends = await Backends.start('ab', { a: held.behaviour });
    await using edge = await startEdge({ routes: [routeTo(backends, 'b')] });
    using waiting = await edge.connect();
    await waiting.write(getRequest());
    await eventually(() => backends.of('a').requests.length === 1);
    await edge.apply({ routes: [routeTo(backends, 'a')], version: 2 });
    using other = await edge.connect();
    expect(await answers(other, 6)).toBe('bbbbbb');
    held.release((exchange) => exchange.respond({ body: 'late' }));
    expect((await waiting.readResponse()).body.text).toBe('late');
    await backends.of('a').connections[0]?.gone;
    await edge.apply({ routes: [routeTo(backends, 'b')], version: 3 });
    await backends.of('b').connections[0]?.gone;
    expect(backends.of('a').requests).toHaveLength(1);
  });

  it('is asked while nobody else is left, over connections that are not kept, and is no error when it refuses', async () => {
    await using backends = await Backends.start('a');
    await using edge = await startEdge({ routes: [routeTo(backends, 'a')] });
    using client = await edge.connect();
    expect(await answers(client, 3)).toBe('aaa');
    expect(backends.of('a').connections).toHaveLength(3);
    const refusing = { id: 'file:gone', port: await freePort(), ...drainingIf(true) };
    await edge.apply({ routes: { 'a.test': refusing }, version: 2 });
    await client.write(getRequest());
    const refused = await client.readResponse();
    expect([refused.status, refused.raw]).toEqual([503, expect.stringMatching(/\r\nretry-after: /i)]);
  });

  it('keeps no client by its cookie while another is ready, and gets it back afterwards', async () => {
    await using backends = await Backends.start('ab');
    const balance = { ...DEFAULT_BALANCE, sticky: STICKY };
    await using edge = await startEdge({ routes: [routeTo(backends, '', { balance })] });
    using client = await edge.connect();
    await client.write(getRequest());
    const first = await client.readResponse();
    const own = first.body.text;
    const other = own === 'a' ? 'b' : 'a';
    const [, value = ''] = /set-cookie: (srv=[^;\r]+)/i.exec(first.raw) ?? [];
    const cookie = `Cookie: ${value}\r\n`;
    expect(await answers(client, 3, cookie)).toBe(own.repeat(3));
    await edge.apply({ routes: [routeTo(backends, own, { balance })], version: 2 });
    expect(await answers(client, 3, cookie)).toBe(other.repeat(3));
    await edge.apply({ routes: [routeTo(backends, 'ab', { balance })], version: 3 });
    expect(await answers(client, 3, cookie)).toBe(own.repeat(3));
    await edge.apply({ routes: [routeTo(backends, '', { balance })], version: 4 });
    expect(await answers(client, 3, cookie)).toBe(own.repeat(3));
  });

  it('moves the keys that were hashed to it, and only those', async () => {
    await using backends = await Backends.start('abc');
    const balance = { ...DEFAULT_BALANCE, strategy: 'hash' as const, hashBy: { type: 'path' as const } };
    await using edge = await startEdge({ routes: [routeTo(backends, '', { balance })] });
    using client = await edge.connect();
    const ask = async (): Promise<string> => {
      let names = '';
      for (let key = 0; key < 24; key++) names += await answers(client, 1, '', `/${key}`);
      return names;
    };
    const before = await ask();
    await edge.apply({ routes: [routeTo(backends, 'a', { balance })], version: 2 });
    const after = await ask();
    expect(after).not.toContain('a');
    expect(before).toContain('a');
    expect(after.split('').filter((name, key) => before[key] !== 'a' && before[key] !== name)).toEqual([]);
  });

  it('keeps the connections of TCP that it has; new ones go elsewhere', async () => {
    await using backends = await Backends.start('ab', { a: upgradeEcho(), b: upgradeEcho() });
    const listeners = [listenerOf({ id: 'tcp:1', protocol: 'tcp' })];
    const ids = ['file:a', 'file:b'];
    const specOf = (draining: string, version: number) => ({
      routes: [routeTo(backends, draining)],
      listeners,
      streams: [streamOf({ backendIds: ids })],
      version,
    });
    await using edge = await startEdge(specOf('b', 1));
    const upgrade = 'GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    using old = await RawClient.connect({ port: edge.port('tcp:1') });
    await old.write(upgrade);
    await old.readHead();
    expect(backends.of('a').connections).toHaveLength(1);
    await edge.apply(specOf('a', 2));
    using young = await RawClient.connect({ port: edge.port('tcp:1') });
    await young.write(upgrade);
    await young.readHead();
    expect(backends.of('b').connections).toHaveLength(1);
    await old.write('still here');
    expect((await old.readUntil('still here')).toString()).toContain('still here');
  });
});
