import { describe, expect, it } from 'vitest';
import { mergeLastGood } from './merge-last-good.ts';
import { parseFile } from './parse-file.ts';
import type { ParsedFile } from './parsed-file.ts';

function parse(text: string, seenMs = 1_000): ParsedFile {
  return parseFile({ path: '/etc/dproxy.yml', text, seenMs });
}

function merge(before: string, after: string): ParsedFile {
  return mergeLastGood(parse(before), parse(after, 2_000));
}

/** `routes[0] a.test/ -> http://b:1` */
function routesOf({ definitions }: ParsedFile): string[] {
  return definitions.map(
    ({ id, origin, backends }) => `${origin.name} ${id} -> ${backends.map(({ name }) => name).join()}`,
  );
}

const TWO = 'routes:\n  - {host: a.test, to: a:1}\n  - {host: b.test, to: b:1}\n';

describe('mergeLastGood', () => {
  it('changes nothing but the rejections when the file is refused as a whole', () => {
    const merged = merge(TWO, 'routes: [');
    expect(routesOf(merged)).toEqual(['routes[0] a.test/ -> http://a:1', 'routes[1] b.test/ -> http://b:1']);
    expect(merged.rejected).toHaveLength(1);
  });

  it('keeps the last good version of an entry that turned bad, wherever it stands now', () => {
    const merged = merge(
      TWO,
      'routes:\n  - {host: c.test, to: c:1}\n  - {host: b.test, to: b:2}\n  - {host: a.test, to: "ftp://x"}\n',
    );
    expect(routesOf(merged)).toEqual([
      'routes[0] c.test/ -> http://c:1',
      'routes[1] b.test/ -> http://b:2',
      'routes[2] a.test/ -> http://a:1',
    ]);
    expect(merged.rejected[0]?.message).toContain('its last good version stays in force');
    expect(merged.definitions[2]?.origin.line).toBe(4);
  });

  it('keeps one of two entries with the same host and path, told apart by what they match', () => {
    const plain = '  - {host: a.test, to: a:1}\n';
    const canary = (to: string): string => `  - {host: a.test, match: {cookies: {beta: "1"}}, to: ${to}}\n`;
    const merged = merge(`routes:\n${plain}${canary('b:1')}`, `routes:\n${canary('"ftp://x"')}${plain}`);
    expect(merged.definitions.map(({ origin, backends }) => [origin.name, backends[0]?.name])).toEqual([
      ['routes[0]', 'http://b:1'],
      ['routes[1]', 'http://a:1'],
    ]);
  });

  it('recognises an entry whose host turned bad by its place', () => {
    const merged = merge(TWO, 'routes:\n  - {host: "a test", to: a:2}\n  - {host: b.test, to: b:1}\n');
    expect(routesOf(merged)).toEqual(['routes[0] a.test/ -> http://a:1', 'routes[1] b.test/ -> http://b:1']);
  });

  it('does not bring back by its place what another entry has taken over', () => {
    const merged = merge(TWO, 'routes:\n  - {host: "x y", to: x:1}\n  - {host: a.test, to: a:2}\n');
    expect(routesOf(merged)).toEqual(['routes[1] a.test/ -> http://a:2']);
    expect(merged.rejected[0]?.message).not.toContain('stays in force');
  });

  it('lets an entry go that is no longer written', () => {
    expect(routesOf(merge(TWO, 'routes:\n  - {host: b.test, to: b:1}\n'))).toEqual(['routes[0] b.test/ -> http://b:1']);
    expect(routesOf(merge(TWO, ''))).toEqual([]);
  });

  it('leaves a kept entry only the hosts that nobody else has now', () => {
    const before = 'routes:\n  - {host: [a.test, b.test], to: a:1}\n';
    const after = 'routes:\n  - {host: [a.test, b.test], to: 5}\n  - {host: b.test, to: b:1}\n';
    expect(merge(before, after).definitions.map(({ hosts }) => hosts)).toEqual([['a.test'], ['b.test']]);
  });

  it('keeps all routes when routes is no list any more', () => {
    expect(routesOf(merge(TWO, 'routes: 5\n'))).toHaveLength(2);
  });

  it('keeps a section whose name turned into one that nobody knows', () => {
    const merged = merge(
      `drain: 1s\n${TWO}tcp: [{listen: 1, to: a:1}]\n`,
      `drian: 2s\n${TWO.replace('routes', 'routs')}`,
    );
    expect(routesOf(merged)).toHaveLength(2);
    expect(merged.settings.drain).toBe(1_000);
    expect(merged.tcp).toEqual([]);
    expect(merged.rejected.every(({ message }) => message.endsWith('its last good version stays in force'))).toBe(true);
    expect(routesOf(merge(TWO, `routs: 5\nroutes: [{host: z.test, to: z:1}]`))).toEqual([
      'routes[0] z.test/ -> http://z:1',
    ]);
  });

  it('keeps an entry through several bad versions', () => {
    const once = merge(TWO, 'routes:\n  - {host: a.test, to: 1}\n');
    const twice = mergeLastGood(once, parse('routes:\n  - {host: z.test, to: z:1}\n  - {host: a.test, to: 2}\n'));
    expect(routesOf(twice)).toEqual(['routes[0] z.test/ -> http://z:1', 'routes[1] a.test/ -> http://a:1']);
  });

  it('keeps the age of an entry as long as its hosts and path are the same', () => {
    const ages = merge(TWO, 'routes:\n  - {host: c.test, to: c:1}\n  - {host: a.test, to: changed:1}\n').definitions;
    expect(ages.map(({ id, sinceMs }) => [id, sinceMs])).toEqual([
      ['c.test/', 2_000],
      ['a.test/', 1_000],
    ]);
  });

  it('keeps refused settings, key by key', () => {
    const merged = merge(
      'ownership: project\nlimits: {headMs: 5s, keepAliveMs: 6s}\ntrustedProxies: 10.0.0.0/8\nlisten: {http: 81}\n',
      'ownership: x\nlimits: {headMs: 0, keepAliveMs: 7s}\nlisten: 5\n',
    );
    expect(merged.settings).toMatchObject({ ownership: 'project', limits: { headMs: 5_000, keepAliveMs: 7_000 } });
    expect(merged.settings.listen?.http?.addresses).toEqual([{ host: '', port: 81 }]);
    expect(merged.settings.trustedProxies).toBeUndefined();
  });

  it('keeps a TCP listener whose entry turned bad, unless another entry has its port', () => {
    const before = 'tcp:\n  - {listen: 5432, to: db:1}\n  - {listen: 6379, to: kv:1}\n';
    const kept = merge(before, 'tcp:\n  - {listen: 5432, to: nowhere}\n  - {listen: 6379, to: kv:2}\n');
    expect(kept.tcp.map(({ stream }) => [stream.id, stream.backends[0]?.name])).toEqual([
      ['tcp:5432', 'tcp://db:1'],
      ['tcp:6379', 'tcp://kv:2'],
    ]);
    const replaced = merge(before, 'tcp:\n  - {listen: 5432, to: nowhere}\n  - {listen: 5432, to: kv:2}\n');
    expect(replaced.tcp.map(({ stream }) => stream.backends[0]?.name)).toEqual(['tcp://kv:2']);
  });
});
