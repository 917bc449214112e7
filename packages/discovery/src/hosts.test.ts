import { expect, test } from 'vitest';
import { containerOf } from './_container-of.ts';
import { fullHostname, internalHost, localHosts } from './hosts.ts';

test.each([
  [{ hostname: 'api.example.com' }, 'api.example.com'],
  [{ hostname: 'API.Example.com' }, 'api.example.com'],
  [{ hostname: 'api', domainname: 'example.com' }, 'api.example.com'],
  [{ hostname: 'api.example.com', domainname: 'example.com' }, 'api.example.com'],
  [{ hostname: '*.example.com' }, '*.example.com'],
  [{ hostname: 'api' }, undefined],
  [{ hostname: 'a1b2c3d4e5f6' }, undefined],
  [{ hostname: 'not a host.com' }, undefined],
  [{ hostname: 'machine.example.com', networkMode: 'host' }, undefined],
  [{ hostname: 'other.example.com', networkMode: 'container:x' }, undefined],
])('%o is the host name %s', (parts, expected) => {
  expect(fullHostname(containerOf(parts))).toBe(expected);
});

test('a name answers under localhost and docker.localhost, an underscore also as a hyphen', () => {
  expect(localHosts(containerOf({ name: 'My_App' }), '')).toEqual([
    'my_app.localhost',
    'my_app.docker.localhost',
    'my-app.localhost',
    'my-app.docker.localhost',
  ]);
  expect(localHosts(containerOf({ name: 'web' }), 'admin')).toEqual([
    'admin.web.localhost',
    'admin.web.docker.localhost',
  ]);
});

test.each([
  [{ hostname: 'api' }, 'api.internal'],
  [{ hostname: 'a1b2c3d4e5f6' }, undefined],
  [{ hostname: 'api.example.com' }, undefined],
  [{ hostname: 'api', domainname: 'example.com' }, undefined],
  [{ hostname: '' }, undefined],
  [{ hostname: 'machine', networkMode: 'host' }, undefined],
  [{ hostname: 'other', networkMode: 'container:x' }, undefined],
])('%o is the internal name %s', (parts, expected) => {
  expect(internalHost(containerOf(parts))).toBe(expected);
});
