import { hash } from 'node:crypto';
import { expect, test } from 'vitest';
import { nginxProxy, type NginxProxyOptions } from './index.ts';
import { LABEL, read, site } from './_read-nginx-proxy.ts';

test('DEFAULT_HOST answers every host that nobody has, after all others', () => {
  const options = { defaultHost: 'a.test' };
  expect(read({ VIRTUAL_HOST: 'a.test,b.test' }, { options }).services).toMatchObject([
    { hosts: ['a.test', 'b.test'], priority: 0 },
    { hosts: ['*'], priority: -99_999, condition: null },
  ]);
  expect(site({ VIRTUAL_HOST: 'b.test' }, { options })?.hosts).toEqual(['b.test']);
});

test('DEFAULT_ROOT answers paths that no container of the host has, below everything', () => {
  const options = { defaultRoot: 418 };
  expect(read({ VIRTUAL_HOST: 'a.test', VIRTUAL_PATH: '/x' }, { options }).services).toMatchObject([
    { path: '/x', pathMatch: 'prefix', answer: undefined },
    { path: '/', pathMatch: 'prefix', priority: -1, answer: { type: 'respond', status: 418 } },
  ]);
  expect(site({}, { options })?.answer).toBeUndefined();
  const ofPattern = read({ VIRTUAL_HOST: '~^a', VIRTUAL_PATH: '/x' }, { options }).services;
  expect(ofPattern[1]?.priority).toBe((ofPattern[0]?.priority ?? 0) - 2);
});

test('LETSENCRYPT_HOST asks for certificates of its hosts, not of the others', () => {
  for (const name of ['LETSENCRYPT_HOST', 'ACME_HOST']) {
    const { services, problems } = read({ VIRTUAL_HOST: 'a.test,b.test,c.test', [name]: 'A.test, c.test' });
    expect(problems).toEqual([]);
    expect(services).toMatchObject([
      { hosts: ['a.test', 'c.test'], https: { certificate: 'acme', redirect: 301 } },
      { hosts: ['b.test'] },
    ]);
    expect(services[1]?.https.certificate).toBeUndefined();
  }
});

test('a certificate for a host that has no site is a problem', () => {
  expect(read({ LETSENCRYPT_HOST: 'a.test' })).toMatchObject({
    isSilent: true,
    problems: [{ expected: 'the hosts in acme.hosts of dproxy.yml' }],
  });
  expect(read({ VIRTUAL_HOST: '*.a.test,~^b', LETSENCRYPT_HOST: 'x.a.test,b.test' }).problems).toEqual([]);
  expect(read({ VIRTUAL_HOST: 'a.test', LETSENCRYPT_HOST: 'a.test,b.test' }).problems).toMatchObject([
    { message: 'b.test has a certificate asked for, but no site here' },
  ]);
});

test('what acme-companion reads per container is told once, by its names and not by its values', () => {
  const secret = 'canary-of-a-secret';
  const { problems } = read({
    VIRTUAL_HOST: 'a.test',
    LETSENCRYPT_HOST: 'a.test',
    LETSENCRYPT_EMAIL: 'me@example.com',
    LETSENCRYPT_KEYSIZE: '4096',
    LETSENCRYPT_TEST: 'true',
    ACME_EAB_HMAC_KEY: secret,
    ACMESH_DNS_API_CONFIG: `{'DNS_API': 'dns_cf', 'CF_Key': '${secret}'}`,
    ZEROSSL_API_KEY: secret,
    ACME_PRE_HOOK: 'echo',
    ACME_SINGLE_DOMAIN_CERTS: 'true',
    ACME_OCSP: 'false',
  });
  expect(problems).toHaveLength(2);
  expect(problems[0]?.message).toMatch(
    /^ACMESH_DNS_API_CONFIG, ACME_EAB_HMAC_KEY, LETSENCRYPT_EMAIL, LETSENCRYPT_KEYSIZE, LETSENCRYPT_TEST, ZEROSSL_API_KEY: not read/,
  );
  expect(problems[0]?.expected).toBe(
    'acme.dns, acme.eab, acme.email, acme.keyType, acme.directory: staging in dproxy.yml',
  );
  expect(problems[1]?.message).toBe('ACME_PRE_HOOK: dproxy has nothing like it');
  expect(JSON.stringify(problems)).not.toContain(secret);
  const options = { hasAcmeAccount: true };
  expect(read({ VIRTUAL_HOST: 'a.test', LETSENCRYPT_EMAIL: 'me@example.com' }, { options }).problems).toEqual([]);
});

test.each([
  ['least_conn;', { strategy: 'leastConnections' }],
  [' ip_hash ;', { strategy: 'hash', hashBy: { type: 'client' } }],
  ['hash $remote_addr;', { strategy: 'hash', hashBy: { type: 'client' } }],
  ['hash $request_uri consistent;', { strategy: 'hash', hashBy: { type: 'path' } }],
  ['hash ${host};', { strategy: 'hash', hashBy: { type: 'host' } }],
  ['hash $cookie_sid', { strategy: 'hash', hashBy: { type: 'cookie', name: 'sid' } }],
  ['hash $http_x_user_id;', { strategy: 'hash', hashBy: { type: 'header', name: 'x-user-id' } }],
  ['hash $arg_q;', { strategy: 'hash', hashBy: { type: 'query', name: 'q' } }],
  ['random;', { strategy: 'random' }],
  ['random two least_conn;', { strategy: 'powerOfTwo' }],
])('loadbalance: %s', (value, balance) => {
  expect(site({}, { labels: { [`${LABEL}loadbalance`]: value } })?.balance).toMatchObject(balance);
});

test.each([
  ['loadbalance', 'hash $remote_addr$request_uri;'],
  ['loadbalance', 'sticky cookie a;'],
  ['loadbalance', 'server evil:80; ip_hash;'],
  ['loadbalance', 'hash $__proto__;'],
  ['keepalive', 'disabled'],
  ['keepalive', '64'],
  ['ssl_verify_client', 'optional'],
  ['http2.enable', 'false'],
  ['http3.enable', 'true'],
  ['trust-default-cert', 'true'],
  ['debug-endpoint', 'true'],
  ['non-get-redirect', '302'],
  ['keepaliv', 'auto'],
  ['__proto__', 'x'],
])('the label %s=%s is a problem, and the site is served', (label, value) => {
  const { services, problems } = read({ VIRTUAL_HOST: 'a.test' }, { labels: { [`${LABEL}${label}`]: value } });
  expect(services).toHaveLength(1);
  expect(problems).toHaveLength(1);
  expect(problems[0]?.message).toContain(`${LABEL}${label}`);
  expect(problems[0]?.expected).not.toBe('');
});

test.each([
  ['keepalive', 'auto'],
  ['http2.enable', 'true'],
  ['http3.enable', 'false'],
  ['trust-default-cert', 'false'],
  ['ssl_verify_client', 'off'],
  ['debug-endpoint', 'false'],
  ['nginx', ''],
])('the label %s=%s needs nothing', (label, value) => {
  expect(read({ VIRTUAL_HOST: 'a.test' }, { labels: { [`${LABEL}${label}`]: value } }).problems).toEqual([]);
});

test.each([
  [{ CERT_NAME: 'shared' }, 'CERT_NAME=shared: certificates are chosen by the names in them, not by a name of a file'],
  [{ SSL_POLICY: 'Mozilla-Modern' }, 'SSL_POLICY=Mozilla-Modern is not read from containers'],
  [{ SSL_POLICY: 'AWS-2015-02' }, 'SSL_POLICY=AWS-2015-02 is not read from containers'],
  [{ ENABLE_HTTP_ON_MISSING_CERT: 'false' }, expect.stringMatching(/^ENABLE_HTTP_ON_MISSING_CERT=false: /)],
])('%j is told', (variables, message) => {
  const { services, problems } = read({ VIRTUAL_HOST: 'a.test', ...variables });
  expect(services).toHaveLength(1);
  expect(problems.map((each) => each.message)).toEqual([message]);
});

test.each([{ SERVER_TOKENS: 'off' }, { SSL_POLICY: 'Mozilla-Intermediate' }, { ACME_HTTP_CHALLENGE_LOCATION: 'true' }])(
  '%j needs nothing',
  (variables) => {
    site(variables);
  },
);

test('a password file of the host, or of the host and the path, protects the site', () => {
  const hashed = '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=';
  const path = hash('sha1', '/admin');
  const options: NginxProxyOptions = {
    htpasswdFiles: [
      ['a.test', `# people\nme:${hashed}\n`],
      [`a.test_${path}`, `boss:${hashed}:comment`],
      ['*.w.test', `w:${hashed}`],
      [hash('sha1', '~^r'), `r:${hashed}`],
    ],
  };
  const user = (host: string, location = '/') =>
    site({ VIRTUAL_HOST: host, VIRTUAL_PATH: location }, { options })?.filters;
  expect(user('a.test')).toEqual([
    { type: 'basicAuth', users: [['me', hashed]], realm: 'Restricted a.test', removeHeader: false, userHeader: '' },
  ]);
  expect(user('A.test', '/admin')).toMatchObject([{ users: [['boss', hashed]], realm: 'Restricted A.test/admin' }]);
  expect(user('*.w.test')).toMatchObject([{ users: [['w', hashed]] }]);
  expect(user('~^r')).toMatchObject([{ users: [['r', hashed]], realm: 'Restricted access' }]);
  expect(user('b.test')).toEqual([]);
});

test('a password file that cannot be used lets nobody in, and its hashes stay unseen', () => {
  const options: NginxProxyOptions = { htpasswdFiles: [['a.test', 'me:canary-hash\nnobody']] };
  const { services, problems } = read({ VIRTUAL_HOST: 'a.test' }, { options });
  expect(services).toMatchObject([{ filters: [{ type: 'basicAuth', users: [] }] }]);
  expect(problems).toMatchObject([
    { message: 'the htpasswd file a.test, lines 1, 2: no password hash that dproxy knows' },
  ]);
  expect(JSON.stringify(problems)).not.toContain('canary');
});

test.each([
  ['$2y$05$' + 'a'.repeat(53), true],
  ['$apr1$salt$' + 'a'.repeat(22), true],
  ['$1$salt$' + 'a'.repeat(22), true],
  ['$2y$31$' + 'a'.repeat(53), false],
  ['$2y$05$short', false],
  ['{SSHA}x', false],
  ['plain', false],
])('the hash %s can be used: %s', (hashed, isUsable) => {
  const options: NginxProxyOptions = { htpasswdFiles: [['a.test', `me:${hashed}`]] };
  const { services, problems } = read({ VIRTUAL_HOST: 'a.test' }, { options });
  expect(services[0]?.filters).toMatchObject([{ users: isUsable ? [['me', hashed]] : [] }]);
  expect(problems).toHaveLength(isUsable ? 0 : 1);
});

test('while the folder of password files cannot be read, no site is served', () => {
  const reading = read({ VIRTUAL_HOST: 'a.test' }, { options: { htpasswdFiles: 'unreadable' } });
  expect(reading).toMatchObject({
    isSilent: false,
    services: [],
    problems: [{ message: 'the folder of htpasswd files cannot be read' }],
  });
});

test('names and ports that the world sees are public claims', () => {
  const dialect = nginxProxy();
  const names = ['VIRTUAL_HOST', 'VIRTUAL_HOST_MULTIPORTS', 'LETSENCRYPT_HOST', 'ACME_HOST', 'EXTERNAL_HTTPS_PORT'];
  expect(names.every((name) => dialect.isPublicClaim('env', name) && dialect.isOwnWord('env', name))).toBe(true);
  expect(dialect.isPublicClaim('env', 'VIRTUAL_PORT')).toBe(false);
  expect(dialect.isPublicClaim('label', 'VIRTUAL_HOST')).toBe(false);
  expect(dialect.isOwnWord('label', `${LABEL}keepalive`)).toBe(true);
  expect(dialect.isOwnWord('label', `${LABEL}nginx`)).toBe(false);
  expect(dialect.isOwnWord('env', 'PATH')).toBe(false);
});
