import { DEFAULT_HTTPS, DEFAULT_LIMITS, type WorkerSettings } from '@dproxy/core';
import type { Frame } from './control-plane.ts';

const SETTINGS: WorkerSettings = {
  trustedProxies: [],
  debugClients: [],
  debugHeaders: true,
  localNamesClients: [],
  accessLog: false,
  serverName: 'test',
  limits: DEFAULT_LIMITS,
  drainMs: 1_000,
  ownAddresses: [],
  passChallenges: false,
  tls: { profile: 'intermediate', onDemand: false },
};

/** A configuration that says nothing, for tests of the control plane. */
export const FRAME: Frame = {
  listeners: [],
  allowedPorts: [],
  settings: SETTINGS,
  pages: [],
  tlsPolicies: [],
  https: DEFAULT_HTTPS,
  fallThrough: true,
  isOwnedByProject: false,
  rejected: [],
  plugins: [],
  configFolder: '/',
};
