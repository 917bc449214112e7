import { expect, test } from 'vitest';
import { parseFile } from '../file/parse-file.ts';
import { resolveDialects } from './resolve-dialects.ts';

function read(options: string) {
  const parsed = parseFile({
    path: '/etc/dproxy.yml',
    text: `docker: {dialects: {nginxProxy: ${options}}}\n`,
    seenMs: 0,
  });
  return { dialects: parsed.settings.docker?.dialects, rejected: parsed.rejected };
}

const fromFile = (path: string) => `/etc/${path}`;

test('the folder of passwords is relative to the file', () => {
  const { dialects } = read('{htpasswd: secrets, hsts: "off", internalNetworks: 10.0.0.0/8}');
  expect(resolveDialects(dialects, fromFile)).toEqual({
    nginxProxy: { htpasswd: '/etc/secrets', hsts: '', internalNetworks: ['10.0.0.0/8'] },
  });
  expect(resolveDialects(read('false').dialects, fromFile)).toEqual({ nginxProxy: false });
  expect(resolveDialects(undefined, fromFile)).toEqual({});
});

test.each([
  ['{httpsMethod: redirct}', 'one of: redirect, noredirect, nohttp, nohttps'],
  ['{defaultRoot: 200}', 'a whole number from 400 to 599'],
  ['{nonGetRedirect: 302}', '301, 307 or 308'],
  ['{hsts: includeSubDomains}', 'off, or a value such as'],
  ['{internalNetworks: [lan]}', 'an address block such as 10.0.0.0/8'],
  ['{defaultHots: a}', 'defaultHost'],
])('%s is refused', (options, expected) => {
  const { rejected } = read(options);
  expect(rejected.map((each) => each.expected).join()).toContain(expected);
});
