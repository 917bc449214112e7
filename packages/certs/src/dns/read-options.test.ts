import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DNS_PROVIDERS, type Environment } from '@dproxy/config';
import { tempFolder } from '@dproxy/testkit';
import { readDnsOptions, validateDnsSettings } from './read-options.ts';

function valuesOf(provider: string, options: Record<string, string>, env: Environment = {}): Record<string, string> {
  const read = readDnsOptions({ provider, options }, env);
  return 'options' in read ? Object.fromEntries(read.options.values) : { problems: JSON.stringify(read.problems) };
}

describe('an option', () => {
  it('comes from the settings before the variables, and from these in their order', () => {
    const env = { CF_DNS_API_TOKEN: 'from CF', CLOUDFLARE_DNS_API_TOKEN: 'from CLOUDFLARE' };
    expect(valuesOf('cloudflare', { token: 'from the file' }, env)['token']).toBe('from the file');
    expect(valuesOf('cloudflare', {}, env)['token']).toBe('from CF');
    expect(valuesOf('cloudflare', {}, { ...env, CF_DNS_API_TOKEN: '' })['token']).toBe('from CLOUDFLARE');
  });

  it('comes from the file that a variable names, read anew each time', async () => {
    await using folder = await tempFolder();
    const path = join(folder.path, 'token');
    await writeFile(path, 'first\n');
    const env = { HETZNER_API_TOKEN_FILE: path };
    expect(valuesOf('hetzner', {}, env)['token']).toBe('first');
    await writeFile(path, 'second\n');
    expect(valuesOf('hetzner', {}, env)['token']).toBe('second');
  });

  it('has its default otherwise', () => {
    expect(valuesOf('digitalocean', { token: 't' })).toEqual({
      token: 't',
      endpoint: 'https://api.digitalocean.com',
      ttl: '30',
      timeoutMs: '30000',
      propagationCheck: 'true',
      propagationMs: '120000',
    });
  });
});

it.each([
  ['cloudflare', { CLOUDFLARE_DNS_API_TOKEN: 't' }],
  ['cloudflare', { CF_API_EMAIL: 'me@example.test', CLOUDFLARE_API_KEY: 'k' }],
  [
    'route53',
    { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 's', AWS_REGION: 'eu-central-1', AWS_HOSTED_ZONE_ID: 'Z1' },
  ],
  ['hetzner', { HETZNER_API_KEY: 't' }],
  ['digitalocean', { DO_AUTH_TOKEN: 't' }],
  ['rfc2136', { RFC2136_NAMESERVER: 'ns1.example.test:5353' }],
  [
    'rfc2136',
    {
      DNSUPDATE_NAMESERVER: '[::1]:53',
      RFC2136_TSIG_KEY: 'k.',
      RFC2136_TSIG_SECRET: 'c2VjcmV0',
      RFC2136_TSIG_ALGORITHM: 'hmac-sha512.',
    },
  ],
  ['httpreq', { HTTPREQ_ENDPOINT: 'http://hook:9090', HTTPREQ_MODE: 'RAW' }],
  ['exec', { EXEC_PATH: '/usr/local/bin/hook' }],
])('%s works with the variables of lego alone', (provider, env) => {
  expect(validateDnsSettings({ provider, options: {} }, env)).toEqual([]);
});

describe('a problem', () => {
  const problemOf = (provider: string, options: Record<string, string>, env: Environment = {}) =>
    validateDnsSettings({ provider, options }, env)[0];

  it.each(Object.keys(DNS_PROVIDERS))('of %s without anything names what must be set', (provider) => {
    const problem = problemOf(provider, {});
    expect(problem?.path).toMatch(/^acme\.dns\.\w+$/);
    expect(problem?.fix).toMatch(/^Set acme\.dns\.\w+ or [A-Z0-9_]+\.$/);
  });

  it.each([
    ['an unknown provider', 'rout53', {}, {}, 'acme.dns.provider', 'Did you mean route53?'],
    ['a provider like a property of objects', 'constructor', {}, {}, 'acme.dns.provider', 'Use exec or httpreq'],
    ['an unknown key', 'cloudflare', { tokn: 't' }, {}, 'acme.dns.tokn', 'Did you mean token?'],
    ['a key like a property of objects', 'exec', { path: '/x', toString: 'y' }, {}, 'acme.dns.toString', 'Remove it.'],
    [
      'half of a pair',
      'rfc2136',
      { nameserver: 'ns', tsigKey: 'k' },
      {},
      'acme.dns.tsigSecret',
      'Set acme.dns.tsigSecret',
    ],
    ['a relative path', 'exec', {}, { EXEC_PATH: './hook' }, 'EXEC_PATH', 'Correct EXEC_PATH.'],
    [
      'a token sent in the clear',
      'hetzner',
      { token: 't', endpoint: 'http://api.test' },
      {},
      'acme.dns.endpoint',
      'Correct',
    ],
    ['a value of two lines', 'hetzner', { token: 'a\nb' }, {}, 'acme.dns.token', 'Correct acme.dns.token.'],
    ['a number that is none', 'hetzner', { token: 't', ttl: '1e3' }, {}, 'acme.dns.ttl', 'Correct'],
    [
      'a file that is not there',
      'hetzner',
      {},
      { HETZNER_API_TOKEN_FILE: '/nowhere' },
      'HETZNER_API_TOKEN_FILE',
      'Correct or unset',
    ],
  ])('%s is told with its path and what to do', (_, provider, options, env, path, fix) => {
    expect(problemOf(provider, options, env)).toMatchObject({ path, fix: expect.stringContaining(fix) as string });
  });

  it('never has a secret in it', () => {
    const options = { nameserver: 'ns', tsigKey: 'k', tsigSecret: 'not base64 but secret!' };
    expect(JSON.stringify(validateDnsSettings({ provider: 'rfc2136', options }, {}))).not.toContain('but secret');
  });
});
