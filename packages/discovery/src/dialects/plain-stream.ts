import type { StreamClaims } from './dialect.ts';

/** A raw TCP service of which nothing is said, for everybody who connects. */
export const PLAIN_STREAM: StreamClaims = {
  service: '',
  backend: '',
  port: undefined,
  network: undefined,
  proxyProtocol: '',
  weight: 1,
  tlsVerify: true,
  protocol: 'tcp',
  tls: 'none',
  clients: [],
  alpn: [],
  connectionsPerClient: 0,
  priority: 0,
  listener: '',
  publicPort: 0,
  hosts: ['*'],
  idleMs: 0,
  health: undefined,
  readiness: true,
  panic: false,
};
