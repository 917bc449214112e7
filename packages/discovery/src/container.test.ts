import { expect, test } from 'vitest';
import { readContainer } from './container.ts';

const ID = 'f'.repeat(64);

function inspectOf(parts: object = {}): object {
  return {
    Id: ID,
    Name: '/web',
    Created: '2026-01-02T03:04:05.678Z',
    State: { Status: 'running' },
    Config: {},
    ...parts,
  };
}

test('the least that an engine answers is a container without ports and networks', () => {
  expect(readContainer(inspectOf())).toMatchObject({
    id: ID,
    name: 'web',
    createdMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    state: 'running',
    health: 'none',
    tcpPorts: [],
    attachments: [],
  });
});

test('ports are those that are exposed, planned or bound over TCP; only bound ones are published', () => {
  const container = readContainer(
    inspectOf({
      Config: { ExposedPorts: { '80/tcp': {}, '53/udp': {}, '8080/tcp': {} } },
      HostConfig: { PortBindings: { '443/tcp': [{ HostIp: '', HostPort: '8443' }] } },
      NetworkSettings: { Ports: { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '32768' }], '8080/tcp': null } },
    }),
  );
  expect(container.tcpPorts).toEqual([80, 443, 8080]);
  expect([...container.published]).toEqual([[80, [{ address: '0.0.0.0', port: 32_768 }]]]);
  expect(container.hostPorts).toEqual([8_443, 32_768]);
});

test('how it ended, and whether it is removed then', () => {
  const ended = inspectOf({
    State: { Status: 'exited', ExitCode: 137, StartedAt: '2026-01-02T03:04:05Z' },
    HostConfig: { AutoRemove: true },
  });
  expect(readContainer(ended)).toMatchObject({ state: 'exited', exitCode: 137, isAutoRemoved: true });
  expect(readContainer(inspectOf({}))).toMatchObject({ exitCode: 0, isAutoRemoved: false });
});

test('UDP ports are kept apart from those of TCP', () => {
  const container = readContainer(
    inspectOf({
      Config: { ExposedPorts: { '53/udp': {}, '53/tcp': {}, '9/sctp': {} } },
      NetworkSettings: { Ports: { '53/udp': [{ HostIp: '0.0.0.0', HostPort: '5353' }], '53/tcp': null } },
    }),
  );
  expect([container.tcpPorts, container.udpPorts]).toEqual([[53], [53]]);
  expect([...container.publishedUdp]).toEqual([[53, [{ address: '0.0.0.0', port: 5353 }]]]);
  expect([...container.published]).toEqual([]);
});

test('networks come sorted by name, with the IPv6 address where there is no other', () => {
  const container = readContainer(
    inspectOf({
      NetworkSettings: {
        Networks: {
          zoo: { NetworkID: 'z', IPAddress: '', GlobalIPv6Address: 'fd00::2', IPv6Gateway: 'fd00::1' },
          ape: { NetworkID: 'a', IPAddress: '10.0.0.2', Gateway: '10.0.0.1' },
        },
      },
    }),
  );
  expect(container.attachments).toEqual([
    { network: 'ape', networkId: 'a', address: '10.0.0.2', gateway: '10.0.0.1' },
    { network: 'zoo', networkId: 'z', address: 'fd00::2', gateway: 'fd00::1' },
  ]);
});

test.each([
  [{}, { stopSignal: 15, stopTimeoutMs: 10_000, startedMs: 0 }],
  [{ Config: { StopSignal: 'SIGQUIT', StopTimeout: 60 } }, { stopSignal: 3, stopTimeoutMs: 60_000 }],
  [{ Config: { StopSignal: '37', StopTimeout: 0 } }, { stopSignal: 37, stopTimeoutMs: 0 }],
  [{ Config: { StopSignal: 'SIGWHAT', StopTimeout: null } }, { stopSignal: 15, stopTimeoutMs: 10_000 }],
  [{ Config: { StopTimeout: -1 } }, { stopTimeoutMs: Number.POSITIVE_INFINITY }],
  [{ State: { Status: 'running', StartedAt: '2026-01-02T03:04:05.123456789Z' } }, { startedMs: 1_767_323_045_123 }],
])('%j says how and when it ends', (parts, expected) => {
  expect(readContainer(inspectOf(parts))).toMatchObject(expected);
});

test('names of the prototype are ordinary labels and networks', () => {
  const labels = JSON.parse('{"__proto__": "x", "constructor": "y"}') as object;
  const networks = JSON.parse('{"__proto__": {"NetworkID": "p", "IPAddress": "10.0.0.2"}}') as object;
  const container = readContainer(inspectOf({ Config: { Labels: labels }, NetworkSettings: { Networks: networks } }));
  expect([...container.labels]).toEqual([
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ]);
  expect(container.attachments).toMatchObject([{ network: '__proto__', address: '10.0.0.2' }]);
});

test.each([
  [null, 'container: expected an object, found null'],
  [inspectOf({ Id: '../../etc' }), 'Id: expected hexadecimal digits'],
  [inspectOf({ State: { Status: 'dancing' } }), 'State.Status: dancing is no state'],
  [inspectOf({ Config: { Labels: { a: 1 } } }), 'Config.Labels[a]: expected a text, found number'],
  [inspectOf({ NetworkSettings: { Networks: [] } }), 'NetworkSettings.Networks: expected an object, found a list'],
])('an answer that is not as the API says is refused with its place (%#)', (answer, message) => {
  expect(() => readContainer(answer)).toThrow(message);
});
