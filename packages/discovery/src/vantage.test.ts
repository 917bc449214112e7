import { expect, test } from 'vitest';
import type { EngineEndpoint } from '@dproxy/core';
import { containerOf } from './_container-of.ts';
import { vantageOf, type VantageFacts } from './vantage.ts';

const SOCKET: EngineEndpoint = { name: 'unix:///x.sock', socketPath: '/x.sock', host: '', port: 0, tls: null };
const TCP: EngineEndpoint = { name: 'tcp://10.0.0.5:2375', socketPath: '', host: '10.0.0.5', port: 2_375, tls: null };
const networks = [
  { id: 'n-bridge', name: 'bridge', driver: 'bridge' },
  { id: 'n-lan', name: 'lan', driver: 'macvlan' },
  { id: 'n-host', name: 'host', driver: 'host' },
];
const FACTS: VantageFacts = { endpoint: SOCKET, hostReachesBridges: true, own: undefined, networks };

test('a unix socket is the host, which reaches bridges, itself and nothing else', () => {
  expect(vantageOf(FACTS)).toEqual({
    kind: 'host',
    networks: new Set(['n-bridge', 'n-host']),
    publishedAddress: '127.0.0.1',
    ownName: '',
  });
});

test('the host of a rootless engine, or of one in a virtual machine, reaches none', () => {
  expect(vantageOf({ ...FACTS, hostReachesBridges: false })).toMatchObject({ kind: 'host', networks: new Set() });
});

test('TCP is another machine, unless that engine has the container that dproxy runs in', () => {
  expect(vantageOf({ ...FACTS, endpoint: TCP })).toMatchObject({ kind: 'remote', publishedAddress: '10.0.0.5' });
  expect(vantageOf({ ...FACTS, endpoint: TCP, own: containerOf({ name: 'dproxy' }) })).toEqual({
    kind: 'container',
    networks: new Set(['n-bridge']),
    publishedAddress: '172.17.0.1',
    ownName: 'dproxy',
  });
});

test('a container on the network of the host sees what the host sees', () => {
  const own = containerOf({ networkMode: 'host', attachments: [] });
  expect(vantageOf({ ...FACTS, own })).toMatchObject({ kind: 'host', networks: new Set(['n-bridge', 'n-host']) });
});
