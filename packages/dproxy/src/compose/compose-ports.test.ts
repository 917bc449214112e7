import { expect, test } from 'vitest';
import { readPorts } from './compose-ports.ts';

const at = (address: string, port: number) => ({ address, port });

test.each([
  [['80'], [80], []],
  [[8080], [8080], []],
  [['8080:80'], [80], [[80, [at('', 8080)]]]],
  [['127.0.0.1:8080:80/tcp'], [80], [[80, [at('127.0.0.1', 8080)]]]],
  [['127.0.0.1::80'], [80], []],
  [['[::1]:8080:80'], [80], [[80, [at('::1', 8080)]]]],
  [
    ['3000-3001:4000-4001'],
    [4000, 4001],
    [
      [4000, [at('', 3000)]],
      [4001, [at('', 3001)]],
    ],
  ],
  [['53:53/udp', '80'], [80], []],
  [
    [{ target: 80, published: '8080', host_ip: '127.0.0.1', protocol: 'tcp', mode: 'host' }],
    [80],
    [[80, [at('127.0.0.1', 8080)]]],
  ],
  [[{ target: 80 }], [80], []],
])('ports %j', (ports, tcp, published) => {
  expect(readPorts(ports, undefined)).toMatchObject({ tcp, refused: [] });
  expect([...readPorts(ports, undefined).published]).toEqual(published);
});

test('exposed ports are not published, and both kinds are one list', () => {
  const { tcp, udp, published } = readPorts(['9000', '53/udp'], ['3000', 80, '4000-4001']);
  expect([tcp, udp, published.size]).toEqual([[80, 3000, 4000, 4001, 9000], [53], 0]);
});

test.each(['0', '65536', 'http', '80:', '1-70000', '80-79', '1:2:3:4-9', '3000-3001:80', '-'])(
  'the port %j is refused',
  (port) => {
    expect(readPorts([port], undefined)).toMatchObject({ tcp: [], refused: [port] });
  },
);

test('what is no port at all is refused', () => {
  expect(readPorts([{ published: 80 }, [], null], ['80:80']).refused).toHaveLength(4);
  expect(readPorts(undefined, null).refused).toEqual([]);
});
