import { describe, expect, it } from 'vitest';
import { canonicalPath, canonicalRoutePath } from './path.ts';

describe('canonicalPath', () => {
  it.each([
    ['/', '/'],
    ['/api/v1/users', '/api/v1/users'],
    ['/api/', '/api/'],
    ['/.well-known/acme-challenge/x', '/.well-known/acme-challenge/x'],
    ["/a!$&'()*+,=:@-._~z", "/a!$&'()*+,=:@-._~z"],
    ['/a/./b', '/a/b'],
    ['/a/../b', '/b'],
    ['/a/b/..', '/a/'],
    ['/a/b/.', '/a/b/'],
    ['/..', '/'],
    ['/../../a', '/a'],
    ['/a/%2e%2E/b', '/b'],
    ['/a/.%2e/b', '/b'],
    ['/...', '/...'],
    ['/..a/.b', '/..a/.b'],
    ['//a///b//', '/a/b/'],
    ['/a//../b', '/b'],
    ['/%41%7Eb%2D', '/A~b-'],
    ['/a%2fb', '/a%2Fb'],
    ['/a%2F..%2fb', '/a%2F..%2Fb'],
    ['/a%5cb', '/a%5Cb'],
    ['/admin%2F', '/admin%2F'],
    ['/a\\b', '/a/b'],
    ['/a\\..\\b', '/b'],
    ['/admin;x=1/y', '/admin/y'],
    ['/a/..;/b', '/b'],
    ['/a/..;x/b', '/b'],
    ['/a;', '/a'],
    ['/;/a', '/a'],
    ['/a%3Bb', '/a%3Bb'],
    ['/100%', '/100%25'],
    ['/%zz', '/%25zz'],
    ['/%%32f', '/%252f'],
    ['/%25', '/%25'],
    ['/caf\u00c3\u00a9', '/caf%C3%A9'],
    ['/caf%c3%a9', '/caf%C3%A9'],
    ['/a|b"c', '/a%7Cb%22c'],
    ['/a%0d%0ab', '/a%0D%0Ab'],
  ])('reads %s as %s', (raw, path) => {
    expect(canonicalPath(raw)).toBe(path);
  });

  it.each([
    ['nothing', ''],
    ['OPTIONS *', '*'],
    ['a path without a slash', 'a'],
    ['%00', '/a%00b'],
    ['NUL', '/a\0'],
    ['a space', '/a b'],
    ['a line break', '/a\r\n'],
    ['DEL', '/a\x7f'],
    ['what is no byte', '/\u0142'],
  ])('refuses %s', (_, raw) => {
    expect(canonicalPath(raw)).toBeUndefined();
  });

  it('stays linear on hostile input', () => {
    const raw = '/../;%2e%2E\\'.repeat(100_000);
    expect(canonicalPath(raw)).toBe('/');
  });
});

describe('canonicalRoutePath', () => {
  it.each([
    ['/', '/'],
    ['/api/', '/api'],
    ['/api//v1', '/api/v1'],
    ['/café au lait', '/caf%C3%A9%20au%20lait'],
    ['/%7Euser', '/~user'],
    ['/a%2fb', '/a%2Fb'],
  ])('reads %s as %s', (raw, path) => {
    expect(canonicalRoutePath(raw)).toBe(path);
  });

  it('keeps the slash at the end where it makes a difference', () => {
    expect([canonicalRoutePath('/api/', 'prefix'), canonicalRoutePath('/api/', 'exact')]).toEqual(['/api/', '/api/']);
  });

  it.each(['', 'api', '/a?b', '/a#b', '/a;b', '/a\\b', '/a/../b', '/a/.', '/%2e%2e/a', '/100%', '/%00', '/\ud800'])(
    'refuses %j, which no request could match as it is written',
    (raw) => {
      expect(canonicalRoutePath(raw)).toBeUndefined();
    },
  );
});
