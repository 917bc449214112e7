import { describe, expect, it } from 'vitest';
import { mergeLastGood } from './merge-last-good.ts';
import { parseFile } from './parse-file.ts';
import type { ParsedFile, TlsHost } from './parsed-file.ts';

function parse(text: string): ParsedFile {
  return parseFile({ path: '/etc/dproxy.yml', text, seenMs: 0 });
}

/** `host demand`, and `!` where the entry was refused. */
function hostsOf({ settings }: ParsedFile): string[] {
  return (settings.tls?.hosts ?? []).map(describeHost);
}

function describeHost({ host, clientCertificates, profile, isRefused }: TlsHost): string {
  const { mode = 'none', ca = '' } = clientCertificates ?? {};
  return `${host} ${mode}${ca === '' ? '' : ` ${ca}`}${profile === undefined ? '' : ` ${profile}`}${isRefused ? '!' : ''}`;
}

function messagesOf({ rejected }: ParsedFile): string[] {
  return rejected.map(({ line, column, message, expected }) => `${line}:${column} ${message} -> ${expected}`);
}

const GOOD = `tls:
  profile: modern
  hosts:
    - { host: [Secure.Example.com, "*.x.test"], clientCertificates: { mode: optional, ca: ca.pem } }
    - { host: b.test, clientCertificates: { ca: /b.pem } }
    - { host: old.test, profile: intermediate }
`;

describe('tls', () => {
  it('is read host by host', () => {
    const file = parse(GOOD);
    expect(file.rejected).toEqual([]);
    expect(file.settings.tls?.profile).toBe('modern');
    expect(hostsOf(file)).toEqual([
      'secure.example.com optional ca.pem',
      '*.x.test optional ca.pem',
      'b.test require /b.pem',
      'old.test none intermediate',
    ]);
  });

  it.each([
    ['a mode that is none', '{ host: a.test, clientCertificates: { mode: requird, ca: x } }'],
    ['no authority', '{ host: a.test, clientCertificates: { mode: require } }'],
    ['an unknown key', '{ host: a.test, clientCertificate: { ca: x } }'],
    ['a key for the host that is misspelled', '{ hots: a.test, clientCertificates: { ca: x } }'],
    ['a list with a bad host in it', '{ host: ["a.test", "a b"], clientCertificates: { ca: x } }'],
    ['no more than a word', '{ host: a.test, clientCertificates: yes }'],
  ])('closes the host of an entry with %s, and no other', (_name, entry) => {
    const file = parse(`tls:\n  hosts:\n    - { host: b.test, clientCertificates: { ca: b.pem } }\n    - ${entry}\n`);
    expect(hostsOf(file)).toEqual(['b.test require b.pem', 'a.test require!']);
    expect(file.rejected.length).toBeGreaterThan(0);
    expect(file.rejected.every(({ line }) => line === 4)).toBe(true);
  });

  it('closes the hosts of a section whose name is misspelled', () => {
    for (const text of [GOOD.replace('tls:', 'tsl:'), GOOD.replace('hosts:', 'host:')]) {
      expect(hostsOf(parse(text)).slice(0, 3)).toEqual([
        'secure.example.com require!',
        '*.x.test require!',
        'b.test require!',
      ]);
    }
  });

  it('says what is wrong, where, and what was probably meant', () => {
    expect(messagesOf(parse('tls:\n  profil: modern\n  hosts:\n    - { host: a.test, profile: moden }\n'))).toEqual([
      '2:3 tls: unknown key "profil" -> did you mean "profile"? Known keys here: profile, hosts',
      '4:32 tls.hosts[0].profile: found "moden" -> one of: modern, intermediate',
    ]);
    expect(messagesOf(parse('tls: modern\n'))).toEqual([
      '1:6 tls: found "modern" -> a map with the keys profile, hosts',
    ]);
  });

  it('does not close a host for a slip in its profile alone', () => {
    expect(hostsOf(parse('tls:\n  hosts:\n    - { host: a.test, profile: moden }\n'))).toEqual(['a.test none!']);
  });

  it('refuses a host that stands in two entries, without taking away what the first one demands', () => {
    const first = '- { host: a.test, clientCertificates: { ca: a.pem } }';
    const file = parse(`tls:\n  hosts:\n    ${first}\n    - { host: [c.test, a.test], profile: modern }\n`);
    expect(hostsOf(file)).toEqual(['a.test require a.pem', 'c.test none!']);
    expect(messagesOf(file)).toEqual([
      '4:24 tls.hosts[1].host: a.test stands in tls.hosts[0] (line 3) already -> each host in one entry',
    ]);
  });
});

describe('tls after a change', () => {
  const before = parse(GOOD);
  const merge = (text: string): ParsedFile => mergeLastGood(before, parse(text));

  it('keeps the last good version of a refused entry', () => {
    const file = merge(GOOD.replace('/b.pem', '[]'));
    expect(hostsOf(file)).toEqual(hostsOf(before));
    expect(file.rejected[0]?.message).toContain('its last good version stays in force');
  });

  it('closes a new host that is refused, and takes over what is good beside it', () => {
    const file = merge(
      `${GOOD.replace('old.test', 'new.test')}    - { host: c.test, clientCertificates: { modus: require } }\n`,
    );
    expect(hostsOf(file)).toEqual([...hostsOf(before).slice(0, 3), 'new.test none intermediate', 'c.test require!']);
  });

  it('keeps a host that may be the one that cannot be read now', () => {
    for (const bad of ['"b test"', '[c.test, "b test"]', '7', '']) {
      expect(hostsOf(merge(GOOD.replace('b.test', bad)))).toContain('b.test require /b.pem');
    }
    expect(hostsOf(merge(GOOD.replace('  hosts:', '  hosts: {}\n  hots:')))).toEqual(hostsOf(before));
    for (const text of ['tls: none\n', 'tls: [\n', GOOD.replace('tls:', 'tsl:')]) {
      expect(hostsOf(merge(text))).toEqual(hostsOf(before));
    }
  });

  it('says whether there was a good version', () => {
    const bad = '    - { host: c.test, clientCertificates: { modus: require } }\n';
    const notes = ({ rejected }: ParsedFile) => [
      ...new Set(rejected.map(({ message }) => /hosts\[(\d)\].*; (.*)/.exec(message)?.slice(1).join(' '))),
    ];
    expect(notes(merge(GOOD.replace('/b.pem', '[]') + bad))).toEqual([
      '1 its last good version stays in force',
      '3 nobody gets into its hosts until it is mended',
    ]);
    expect(notes(mergeLastGood(null, parse(`tls:\n  hosts:\n${bad}`)))).toEqual([
      '0 nobody gets into its hosts until it is mended',
    ]);
  });

  it('lets go of a host that was taken out', () => {
    expect(hostsOf(merge(GOOD.replace(/.*b\.test.*\n/, '')))).not.toContain('b.test require /b.pem');
    expect(hostsOf(merge('routes: []\n'))).toEqual([]);
  });
});
