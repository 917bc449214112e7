// One worker's data plane with what a worker does: routing, headers, limits, deadlines, counters.
import { readFileSync } from 'node:fs';
import { buildSnapshot, DEFAULT_HTTPS, DEFAULT_LIMITS, silentLog } from '@dproxy/core';
import { createDataPlane } from '@dproxy/proxy';

const [port = 0, originPort = 0] = process.argv.slice(2, 4).map(Number);
const [certificateFile, keyFile] = process.argv.slice(4);
const pair =
  certificateFile === undefined || keyFile === undefined
    ? undefined
    : { certificatePem: readFileSync(certificateFile, 'utf8'), keyPem: readFileSync(keyFile, 'utf8') };
const protocol = pair === undefined ? 'http' : 'https';
const backend = {
  id: 'file:origin',
  name: 'origin',
  protocol: 'http',
  address: '127.0.0.1',
  port: originPort,
  state: 'ready',
  reason: '',
  tlsVerify: true,
  proxyProtocol: '',
  containerId: '',
} as const;
const { snapshot } = buildSnapshot({
  sources: [
    {
      source: 'file:bench',
      rejected: [],
      definitions: [
        {
          id: 'bench',
          origin: { source: 'file:bench', name: 'routes[0]', line: 1, project: '' },
          hosts: ['bench.test'],
          path: '/',
          audience: 'everyone',
          action: { type: 'forward', backends: [{ backendId: backend.id, weight: 1 }] },
          backends: [backend],
          headers: { requestSet: [], requestRemove: [], responseSet: [], responseRemove: [] },
          timeouts: { connectMs: 0, responseMs: 0, idleMs: 0 },
          plugins: [],
          listeners: [],
          https: DEFAULT_HTTPS,
          sinceMs: 0,
        },
      ],
    },
  ],
  listeners: [
    {
      id: protocol,
      protocol,
      addresses: [{ host: '127.0.0.1', port }],
      publicPort: port,
      proxyProtocol: [],
    },
  ],
  settings: {
    trustedProxies: [],
    debugClients: [],
    debugHeaders: true,
    localNamesClients: [],
    accessLog: false,
    serverName: 'bench',
    // wrk never closes a connection by itself; a limit on requests would measure reconnecting.
    limits: { ...DEFAULT_LIMITS, requestsPerConnection: 1_000_000_000 },
    drainMs: 1_000,
    ownAddresses: [],
    passChallenges: false,
    tls: { profile: 'intermediate', onDemand: false },
  },
  certificates: pair === undefined ? [] : [{ id: 'bench', names: ['bench.test'], kind: 'file' }],
  pages: [],
});
const plane = createDataPlane({ log: silentLog, reusePort: false });
await plane.apply(snapshot, new Map(pair === undefined ? [] : [['bench', { id: 'bench', ...pair }]]));
