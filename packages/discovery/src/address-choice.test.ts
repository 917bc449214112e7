import { expect, test } from 'vitest';
import { containerOf } from './_container-of.ts';
import { chooseAddress, type Vantage } from './address-choice.ts';

const HOST: Vantage = {
  kind: 'host',
  networks: new Set(['n-host', 'n-bridge', 'n-back']),
  publishedAddress: '127.0.0.1',
  ownName: '',
};
const INSIDE: Vantage = {
  kind: 'container',
  networks: new Set(['n-front']),
  publishedAddress: '10.1.0.1',
  ownName: 'dproxy',
};
const REMOTE: Vantage = { kind: 'remote', networks: new Set(), publishedAddress: 'engine.example.com', ownName: '' };

const front = { network: 'front', networkId: 'n-front', address: '10.1.0.2', gateway: '10.1.0.1' };
const back = { network: 'back', networkId: 'n-back', address: '10.2.0.2', gateway: '10.2.0.1' };
const publishedOn = (address: string) => new Map([[80, [{ address, port: 32_768 }]]]);
const any = { port: 80, network: undefined, transport: 'tcp' as const };

test('from the host it is the address on the first bridge by name, not the published port', () => {
  const container = containerOf({
    attachments: [back, ...containerOf().attachments],
    published: publishedOn('0.0.0.0'),
  });
  expect(chooseAddress(container, any, HOST)).toEqual({ address: '10.2.0.2', port: 80 });
});

test('from a container it is the address on a network that both share', () => {
  expect(chooseAddress(containerOf({ attachments: [back, front] }), any, INSIDE)).toEqual({
    address: '10.1.0.2',
    port: 80,
  });
});

test('a UDP port is reached where that one is published, not the TCP port of the same number', () => {
  const container = containerOf({ published: publishedOn('0.0.0.0') });
  expect(chooseAddress(container, { ...any, transport: 'udp' }, REMOTE)).toHaveProperty('problem');
  const udp = containerOf({ publishedUdp: publishedOn('0.0.0.0') });
  expect(chooseAddress(udp, { ...any, transport: 'udp' }, REMOTE)).toEqual({
    address: 'engine.example.com',
    port: 32_768,
  });
});

test('without a shared network it is the published port at the gateway, unless only the host may use that', () => {
  const shared = containerOf({ attachments: [back], published: publishedOn('0.0.0.0') });
  expect(chooseAddress(shared, any, INSIDE)).toEqual({ address: '10.1.0.1', port: 32_768 });
  const own = containerOf({ attachments: [back], published: publishedOn('127.0.0.1') });
  expect(chooseAddress(own, any, INSIDE)).toEqual({
    problem: 'dproxy is not on the network back: docker network connect back dproxy',
  });
});

test('of a remote engine it is the published port only', () => {
  expect(chooseAddress(containerOf({ published: publishedOn('') }), any, REMOTE)).toEqual({
    address: 'engine.example.com',
    port: 32_768,
  });
  expect(chooseAddress(containerOf({ published: publishedOn('192.0.2.7') }), any, REMOTE)).toMatchObject({
    address: '192.0.2.7',
  });
  expect(chooseAddress(containerOf({ published: publishedOn('::1') }), any, REMOTE)).toHaveProperty('problem');
  expect(chooseAddress(containerOf(), any, REMOTE)).toMatchObject({
    problem: expect.stringContaining('docker run -p 80:80'),
  });
});

test("the label's network is the only one that counts, also with the compose project in front of its name", () => {
  const container = containerOf({ attachments: [back, front], published: publishedOn('0.0.0.0') });
  expect(
    chooseAddress(container, { ...any, network: 'front' }, { ...HOST, networks: new Set(['n-front', 'n-back']) }),
  ).toMatchObject({
    address: '10.1.0.2',
  });
  expect(chooseAddress(container, { ...any, network: 'other' }, HOST)).toEqual({
    problem: 'it is not on the network other: docker network connect other web',
  });
  expect(chooseAddress(container, { ...any, network: 'back' }, INSIDE)).toHaveProperty('problem');
  const composed = containerOf({
    attachments: [{ ...back, network: 'shop_back' }],
    labelled: { 'com.docker.compose.project': 'shop' },
  });
  expect(chooseAddress(composed, { ...any, network: 'back' }, HOST)).toMatchObject({ address: '10.2.0.2' });
});

test('on the network of the host it is loopback, the gateway or the engine, by where dproxy stands', () => {
  const host = { network: 'host', networkId: 'n-host', address: '', gateway: '' };
  const container = containerOf({ networkMode: 'host', attachments: [host] });
  expect(chooseAddress(container, any, HOST)).toEqual({ address: '127.0.0.1', port: 80 });
  expect(chooseAddress(container, any, { ...HOST, networks: new Set() })).toHaveProperty('problem');
  expect(chooseAddress(container, any, INSIDE)).toEqual({ address: '10.1.0.1', port: 80 });
  expect(chooseAddress(container, any, REMOTE)).toEqual({ address: 'engine.example.com', port: 80 });
});

test('a container on no network says how to connect it', () => {
  const none = { network: 'none', networkId: 'n-none', address: '', gateway: '' };
  expect(chooseAddress(containerOf({ attachments: [none] }), any, HOST)).toEqual({
    problem: 'it is on no network: docker network connect bridge web',
  });
});

test('where the host reaches no bridge, as with an engine in a virtual machine, the port must be published', () => {
  expect(chooseAddress(containerOf(), any, { ...HOST, networks: new Set() })).toMatchObject({
    problem: expect.stringContaining('docker run -p 127.0.0.1::80'),
  });
});

test.each(['169.254.169.254', 'fe80::1', '0.0.0.0', '::ffff:169.254.169.254'])(
  'an address such as %s is refused, whatever the engine says',
  (address) => {
    const container = containerOf({ attachments: [{ ...back, address }] });
    expect(chooseAddress(container, any, HOST)).toMatchObject({ problem: expect.stringContaining('is refused') });
  },
);
