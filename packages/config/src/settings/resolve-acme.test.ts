import { describe, expect, it } from 'vitest';
import { parseFile } from '../file/parse-file.ts';
import { resolveAcme } from './resolve-acme.ts';
import type { AcmeSettings } from './settings.ts';

function parse(acme: string) {
  return parseFile({ path: '/etc/dproxy.yml', text: `acme: ${acme}\n`, seenMs: 0 });
}

function resolve(acme: string): AcmeSettings {
  const { settings, rejected } = parse(acme);
  expect(rejected).toEqual([]);
  return resolveAcme(settings.acme, (path) => `/etc/${path}`);
}

/** What was refused, as the operator reads it. */
function refusals(acme: string): string[] {
  return parse(acme).rejected.map(({ message, expected }) => `${message} -> ${expected}`);
}

const LETS_ENCRYPT = {
  name: 'letsencrypt',
  directory: 'https://acme-v02.api.letsencrypt.org/directory',
  eab: undefined,
  profile: '',
  caFile: '',
};
const HMAC = 'c2VjcmV0LWhtYWMta2V5LXdpdGgtZW5vdWdo';

describe('acme in dproxy.yml', () => {
  it("asks Let's Encrypt for all public names by http-01 or tls-alpn-01, once there is a contact", () => {
    expect(resolveAcme(undefined, String)).toEqual({
      email: '',
      authorities: [LETS_ENCRYPT],
      hosts: 'auto',
      challenges: ['http-01', 'tls-alpn-01'],
      keyType: 'ecdsa-p256',
      dns: undefined,
      preflight: true,
      resolvers: [],
      onDemand: undefined,
    });
  });

  it('takes the example of the contract', () => {
    expect(resolve('{ email: me@example.com, directory: https://..., hosts: auto, preflight: true }').email).toBe(
      'me@example.com',
    );
  });

  it('knows authorities by name, by URL and in detail, several in order', () => {
    const { authorities } = resolve(
      `{directory: [letsencrypt, {url: zerossl, eab: {kid: k, hmacKey: ${HMAC}}}, {url: "https://ca.lan:9000/acme/acme/directory", name: lan, profile: day, caFile: root.pem}], profile: tlsserver}`,
    );
    expect(authorities).toEqual([
      { ...LETS_ENCRYPT, profile: 'tlsserver' },
      {
        name: 'zerossl',
        directory: 'https://acme.zerossl.com/v2/DV90',
        eab: { kid: 'k', hmacKey: HMAC },
        profile: 'tlsserver',
        caFile: '',
      },
      {
        name: 'lan',
        directory: 'https://ca.lan:9000/acme/acme/directory',
        eab: undefined,
        profile: 'day',
        caFile: '/etc/root.pem',
      },
    ]);
    expect(resolve('{directory: "https://ca.lan:9000/dir"}').authorities[0]?.name).toBe('ca.lan:9000');
  });

  it('knows staging by a word', () => {
    const [authority] = resolve('{staging: true}').authorities;
    expect(authority).toMatchObject({ name: 'letsencrypt-staging', directory: expect.stringMatching(/staging-v02/) });
    expect(resolve('{staging: true, directory: letsencrypt}').authorities).toHaveLength(1);
  });

  it('uses DNS first where it is set up, and keeps options as text', () => {
    const settings = resolve('{hosts: "*.example.com", dns: {provider: cloudflare, token: abc, ttl: 120}}');
    expect(settings).toMatchObject({
      hosts: ['*.example.com'],
      challenges: ['dns-01', 'http-01', 'tls-alpn-01'],
      dns: { provider: 'cloudflare', options: { token: 'abc', ttl: '120' } },
    });
    expect(resolve('{challenges: tls-alpn-01}').challenges).toEqual(['tls-alpn-01']);
  });

  it('reads who may get a certificate on demand', () => {
    expect(resolve('{onDemand: {allow: "*.example.com"}}').onDemand).toEqual({ allow: ['*.example.com'], ask: '' });
    expect(resolve('{onDemand: {ask: "http://127.0.0.1:9/may"}}').onDemand).toEqual({
      allow: [],
      ask: 'http://127.0.0.1:9/may',
    });
  });

  it.each([
    ['{directory: letsencryt}', /did you mean "letsencrypt"\?/],
    ['{directory: "http://127.0.0.1:14000/dir"}', /not an https:\/\/ URL/],
    ['{directory: zerossl}', /zerossl without eab/],
    ['{directory: {url: letsencrypt, eab: {kid: k}}}', /hmacKey is missing/],
    ['{directory: [letsencrypt, "https://acme-v02.api.letsencrypt.org/directory"]}', /letsencrypt stands there twice/],
    ['{directory: [{url: zerossl}]}', /zerossl without eab.*eab: \{kid, hmacKey\}/],
    ['{directory: []}', /at least one/],
    ['{directory: {url: letsencrypt, profil: x}}', /did you mean "profile"/],
    ['{staging: true, directory: "https://ca.example/dir"}', /with another directory/],
    ['{hosts: ["*.example.com"]}', /a wildcard without acme.dns/],
    ['{hosts: [192.0.2.1]}', /an address.*shortlived/],
    ['{hosts: [192.0.2.1], challenges: dns-01, dns: {provider: exec, path: /x}}', /cannot be proven by dns-01/],
    ['{challenges: dns-01}', /dns-01 without acme.dns/],
    ['{challenges: [http-02]}', /one of: http-01, tls-alpn-01, dns-01/],
    ['{challenges: http-01, dns: {provider: exec, path: /x}}', /never used without dns-01/],
    ['{dns: {provider: cloudfare}}', /one of: cloudflare/],
    ['{dns: {provider: cloudflare, tokn: x}}', /did you mean "token"/],
    ['{dns: {provider: cloudflare, token: [x]}}', /a text/],
    ['{keyType: rsa}', /one of: ecdsa-p256/],
    ['{onDemand: {}}', /everybody would be let pass/],
    ['{onDemand: {ask: "ftp://x"}}', /not a URL/],
    ['{preflihgt: true}', /did you mean "preflight"/],
  ])('refuses %s', (acme, message) => {
    const list = refusals(acme);
    expect(list).toHaveLength(1);
    expect(list[0]).toMatch(message);
  });

  it('takes an address with the profile that it needs', () => {
    expect(resolve('{hosts: [192.0.2.1], profile: shortlived}').hosts).toEqual(['192.0.2.1']);
  });

  it.each([
    `{directory: {url: zerossl, eab: {kid: k, hmacKey: "CANARY CANARY CANARY"}}}`,
    '{dns: {provider: cloudflare, tokn: CANARY}}',
    '{dns: {provider: cloudflare, token: {x: CANARY}}}',
    '{dns: {provider: nobody, token: CANARY}}',
    '{onDemand: {ask: "http://me:CANARY@127.0.0.1/"}}',
    '{directory: "https://me:CANARY@ca.example/"}',
  ])('keeps secrets out of the message about %s', (acme) => {
    const list = refusals(acme);
    expect(list).not.toEqual([]);
    expect(list.join('\n')).not.toMatch(/CANARY/);
  });
});
