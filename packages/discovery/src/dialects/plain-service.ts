import { DEFAULT_BALANCE } from '@dproxy/core';
import type { ServiceClaims } from './dialect.ts';

/** A service of which nothing is said. */
export const PLAIN_SERVICE: ServiceClaims = {
  service: '',
  backend: '',
  hosts: [],
  port: undefined,
  network: undefined,
  path: '/',
  pathMatch: 'segments',
  condition: null,
  priority: 0,
  protocol: 'http',
  proxyProtocol: '',
  weight: 1,
  tlsVerify: true,
  timeouts: { connectMs: 0, responseMs: 0, idleMs: 0 },
  headers: { requestSet: [], requestRemove: [], responseSet: [], responseRemove: [] },
  filters: [],
  balance: DEFAULT_BALANCE,
  health: undefined,
  readiness: true,
  panic: false,
  answer: undefined,
  plugins: [],
  listeners: [],
  publicPorts: [],
  https: {},
  fallThrough: undefined,
};
