import { describe, expect, it } from 'vitest';
import { mergeLastGood } from './merge-last-good.ts';
import { parseFile } from './parse-file.ts';
import type { ParsedFile } from './parsed-file.ts';

function parse(text: string, seenMs = 1_000): ParsedFile {
  return parseFile({ path: '/etc/dproxy.yml', text, seenMs });
}

function refusals(text: string): string[] {
  return parse(text).rejected.map(({ line, message, expected }) => `${line} ${message} -> ${expected}`);
}

describe('an entry of tcp', () => {
  it('says which names it takes, what happens to TLS, and who may connect', () => {
    const { tcp, rejected } = parse(`
tcp:
  - listen: https
    sni: [DB.example.com, "*.db.example.com"]
    tls: terminate
    alpn: postgresql
    clients: 10.0.0.0/8
    connectionsPerClient: 5
    priority: 2
    idle: 10m
    to: [{address: db:5432, weight: 3, proxyProtocol: v2}, db2:5432]
`);
    expect(rejected).toEqual([]);
    expect(tcp[0]?.listener).toBeUndefined();
    expect(tcp[0]?.stream).toMatchObject({
      id: 'https/*.db.example.com,db.example.com',
      listener: 'https',
      protocol: 'tcp',
      hosts: ['db.example.com', '*.db.example.com'],
      tls: 'terminate',
      alpn: ['postgresql'],
      clients: ['10.0.0.0/8'],
      connectionsPerClient: 5,
      priority: 2,
      idleMs: 600_000,
      refs: [
        { backendId: 'file:tcp://db:5432#proxy-v2', weight: 3 },
        { backendId: 'file:tcp://db2:5432', weight: 1 },
      ],
      sinceMs: 1_000,
      origin: { name: 'tcp[0]', line: 3 },
    });
  });

  it('passes TLS through where it has names and says nothing, and does not look into it else', () => {
    const { tcp } = parse('tcp: [{listen: 1, to: a:1}, {listen: 2, sni: "*", to: a:1}]');
    expect(tcp.map(({ stream }) => [stream.id, stream.tls])).toEqual([
      ['tcp:1', 'none'],
      ['tcp:2/*', 'passthrough'],
    ]);
  });

  it('may say how its backends are checked: by connecting, unless it says more', () => {
    const { tcp, rejected } = parse(`
tcp:
  - {listen: 1, to: a:1, health: tcp}
  - {listen: 2, to: a:1, health: {interval: 2s}}
  - {listen: 3, to: a:1, health: {path: /primary, port: 8008}}
  - {listen: 4, to: a:1}
`);
    expect(rejected).toEqual([]);
    expect(tcp.map(({ stream }) => stream.health)).toMatchObject([
      { type: 'tcp', intervalMs: 10_000 },
      { type: 'tcp', intervalMs: 2_000 },
      { type: 'http', path: '/primary', port: 8_008 },
      undefined,
    ]);
    expect(tcp[3]?.stream).not.toHaveProperty('health');
    expect(refusals('udp: [{listen: 1, to: a:1, health: tcp}]')).toHaveLength(1);
  });

  it('may share its port with others of other names', () => {
    const { tcp, rejected } = parse('tcp: [{listen: 1, sni: a.test, to: a:1}, {listen: 1, sni: b.test, to: b:1}]');
    expect(rejected).toEqual([]);
    expect(tcp.map(({ listener }) => listener?.id)).toEqual(['tcp:1', 'tcp:1']);
  });

  it.each([
    ['tcp: [{listen: 1, sni: a.test, tls: none, to: b:1}]', /without TLS there are no names/],
    ['tcp: [{listen: 1, sni: 192.0.2.1, to: b:1}]', /an address is no server name/],
    ['tcp: [{listen: 1, sni: "a*.test", to: b:1}]', /not the whole first label/],
    ['tcp: [{listen: 1, tls: pass, to: b:1}]', /one of: none, terminate, passthrough/],
    ['tcp: [{listen: https, sni: a.test, proxyProtocol: 10.0.0.1, to: b:1}]', /listen\.https says it/],
    ['tcp: [{listen: HTTPS, to: b:1}]', /a port from 1 to 65535, address:port, a list of them, or the name/],
    ['tcp: [{listen: [1, 0], to: b:1}]', /from 1 to 65535/],
    [
      'tcp: [{listen: 1, sni: a.test, to: b:1}, {listen: 1, sni: [b.test, a.test], to: b:1}]',
      /with this name is held by tcp\[0\]/,
    ],
    [
      'tcp: [{listen: 1, to: b:1}, {listen: [1, 2], sni: a.test, to: b:1}]',
      /port 1 is held by tcp\[0\].*the same listen/,
    ],
    [
      'tcp: [{listen: 1, sni: a.test, to: b:1}, {listen: 1, sni: b.test, proxyProtocol: 10.0.0.1, to: b:1}]',
      /held by tcp\[0\]/,
    ],
    ['tcp: {alow: 25, routes: []}', /unknown key "alow" -> did you mean "allow"/],
    ['tcp: {allow: [0]}', /from 1 to 65535/],
    ['tcp: {allow: 500-400}', /ends before it begins/],
    ['tcp: {routes: 5}', /tcp\.routes: found 5 -> a list/],
    ['listen: {db: {port: 5432, protocol: tcp, tls: true}}', /tls: true, or a protocol/],
    ['listen: {https: {port: 443, protocol: tcp}}', /no protocol here/],
    ['listen: {db: {port: 5432, protocol: http}}', /one of: tcp, udp/],
    ['listen: {db: {port: 0, protocol: udp}}', /from 1 to 65535/],
  ])('%s is refused', (text, expected) => {
    expect(refusals(text)).toEqual([expect.stringMatching(expected)]);
  });
});

describe('an entry of udp', () => {
  it('has a listener of its own, beside TCP of the same port', () => {
    const { udp, tcp, rejected } = parse(
      'listen: {http: 53}\ntcp: [{listen: 54, to: a:1}]\nudp: [{listen: 53, to: dns:53, idle: 3s, sessionsPerClient: 4}, {listen: 54, to: "udp://[::1]:1"}]',
    );
    expect(rejected).toEqual([]);
    expect(udp.map(({ listener, stream }) => [listener?.id, listener?.protocol, stream.refs[0]?.backendId])).toEqual([
      ['udp:53', 'udp', 'file:udp://dns:53'],
      ['udp:54', 'udp', 'file:udp://[::1]:1'],
    ]);
    expect(udp[0]?.stream).toMatchObject({ protocol: 'udp', idleMs: 3_000, connectionsPerClient: 4, hosts: [] });
    expect(tcp).toHaveLength(1);
  });

  it.each([
    ['udp: [{listen: 53, to: "tcp://a:1"}]', /no scheme for a UDP backend; there is udp/],
    ['udp: [{listen: 53, to: {address: a:1, proxyProtocol: v2}}]', /unknown key "proxyProtocol"/],
    ['udp: [{listen: 53, to: a:1}, {listen: 53, to: b:1}]', /udp:53 is held by udp\[0\]/],
    ['listen: {dns: {port: 53, protocol: udp}}\nudp: [{listen: 53, to: a:1}]', /held by listen\.dns/],
  ])('%s is refused', (text, expected) => {
    expect(refusals(text)).toEqual([expect.stringMatching(expected)]);
  });
});

describe('the last good version', () => {
  function merge(before: string, after: string): ParsedFile {
    return mergeLastGood(parse(before), parse(after, 2_000));
  }

  const idsOf = ({ tcp, udp }: ParsedFile) =>
    [...tcp, ...udp].map(
      ({ stream }) => `${stream.origin.name} ${stream.id} ${stream.backends[0]?.name} ${stream.sinceMs}`,
    );

  it('of an entry stays while it is refused, found by its port and names, with its age', () => {
    const kept = merge(
      'tcp: {allow: 25, routes: [{listen: 1, sni: a.test, to: a:1}, {listen: 1, sni: b.test, to: b:1}]}\nudp: [{listen: 1, to: u:1}]',
      'tcp: {allow: x, routes: [{listen: 1, sni: c.test, to: c:1}, {listen: 1, sni: b.test, to: 5}]}\nudp: [{listen: 1, to: u:1, idle: x}]',
    );
    expect(idsOf(kept)).toEqual([
      'tcp[0] tcp:1/c.test tcp://c:1 2000',
      'tcp[1] tcp:1/b.test tcp://b:1 1000',
      'udp[0] udp:1 udp://u:1 1000',
    ]);
    expect(kept.settings.allowedPorts).toEqual([{ from: 25, to: 25 }]);
  });

  it('goes when another entry has its name, or opens its port otherwise', () => {
    const before = 'tcp: [{listen: 1, sni: a.test, to: a:1}]';
    const bad = '{listen: 1, sni: a.test, to: 5}';
    expect(idsOf(merge(before, `tcp: [${bad}, {listen: 1, sni: a.test, to: b:1}]`))).toEqual([
      'tcp[1] tcp:1/a.test tcp://b:1 1000',
    ]);
    expect(idsOf(merge(before, `tcp: [${bad}, {listen: "127.0.0.1:1", to: b:1}]`))).toEqual([
      'tcp[1] tcp:1 tcp://b:1 2000',
    ]);
  });

  it('of all entries stays when the list is none any more', () => {
    expect(idsOf(merge('tcp: [{listen: 1, to: a:1}]', 'tcp: {rotes: [{listen: 2, to: a:1}]}'))).toHaveLength(1);
  });
});

it('reads ports for containers, one by one and as ranges', () => {
  expect(parse('tcp: {allow: [25, 500-599, "53"]}').settings.allowedPorts).toEqual([
    { from: 25, to: 25 },
    { from: 500, to: 599 },
    { from: 53, to: 53 },
  ]);
});
