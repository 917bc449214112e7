import { describe, expect, it } from 'vitest';
import { canonicalHost, isAddressHost, isLocalName } from './host.ts';

describe('canonicalHost', () => {
  it.each([
    ['App.Example.COM', 'app.example.com'],
    ['app.example.com.', 'app.example.com'],
    ['app.example.com:8080', 'app.example.com'],
    ['app.example.com.:', 'app.example.com'],
    ['localhost', 'localhost'],
    ['my_app.localhost', 'my_app.localhost'],
    ['*.Example.com.', '*.example.com'],
    ['*.localhost', '*.localhost'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['XN--bcher-KVA.example', 'xn--bcher-kva.example'],
    ['ａｐｐ.example', 'app.example'],
    ['app。example', 'app.example'],
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1:80', '192.0.2.1'],
    ['[::1]', '[::1]'],
    ['[2001:DB8:0:0::1]:443', '[2001:db8::1]'],
    ['2001:db8::1', '[2001:db8::1]'],
    ['__proto__', '__proto__'],
  ])('spells %s as %s', (raw, host) => {
    expect(canonicalHost(raw)).toBe(host);
  });

  it.each([
    ['nothing', ''],
    ['an empty label', 'a..example'],
    ['only a dot', '.'],
    ['a leading dot', '.example.com'],
    ['two dots at the end', 'example.com..'],
    ['a hyphen at the start of a label', '-a.example'],
    ['a hyphen at the end of a label', 'a-.example'],
    ['a label of 64 characters', `${'a'.repeat(64)}.example`],
    ['a name of 254 characters', `${'a.'.repeat(126)}aa`],
    ['a name that IDNA makes too long', `${'ü'.repeat(60)}.`.repeat(5)],
    ['endless input', 'a'.repeat(100_000)],
    ['a lone star', '*'],
    ['a star in the middle', 'a.*.example'],
    ['a star as part of a label', 'a*.example'],
    ['a star before an address', '*.192.0.2.1'],
    ['a star before an IPv6 address', '*.[::1]'],
    ['two stars', '*.*.example'],
    ['a short address, which clients read as 127.0.0.1', '127.1'],
    ['a hexadecimal address', '0x7f.0.0.0x1'],
    ['an address in one number', '2130706433'],
    ['an octal address', '0177.0.0.1'],
    ['an address with too large a number', '192.0.2.256'],
    ['a scheme', 'http://a.example'],
    ['a path', 'a.example/x'],
    ['userinfo', 'a@b.example'],
    ['a space', 'a b.example'],
    ['a line break', 'a.example\r\nx'],
    ['NUL', 'a\0.example'],
    ['a port that is no number', 'a.example:http'],
    ['a port beyond 65535', 'a.example:65536'],
    ['two ports', 'a.example:1:2'],
    ['an open bracket', '[::1'],
    ['IPv4 in brackets', '[192.0.2.1]'],
    ['a zone', '[fe80::1%eth0]'],
    ['broken Punycode', 'xn--\u0080.example'],
  ])('refuses %s', (_, raw) => {
    expect(canonicalHost(raw)).toBeUndefined();
  });

  it('takes a name of 253 characters', () => {
    const name = `${'a.'.repeat(126)}a`;
    expect(name).toHaveLength(253);
    expect(canonicalHost(name)).toBe(name);
  });
});

it('knows the names that mean this machine', () => {
  expect(['localhost', 'a.localhost', 'a.docker.localhost'].map(isLocalName)).toEqual([true, true, true]);
  expect(['notlocalhost', 'localhost.example', ''].map(isLocalName)).toEqual([false, false, false]);
});

it('tells addresses from names', () => {
  expect(['192.0.2.1', '[::1]'].map(isAddressHost)).toEqual([true, true]);
  expect(['a.example', '*.example'].map(isAddressHost)).toEqual([false, false]);
});
