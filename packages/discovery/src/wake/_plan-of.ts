import type { WakeMember, WakePlan } from '@dproxy/core';

/** A container of a group that runs, for tests. */
export function memberOf(name: string, more: Partial<WakeMember> = {}): WakeMember {
  return {
    containerId: `${name}-id`,
    name,
    service: name,
    state: 'running',
    health: 'none',
    exitCode: 0,
    startedMs: 1_000,
    readyAfterMs: 0,
    addresses: [],
    hostPorts: [],
    dependsOn: [],
    ...more,
  };
}

/** A group of one container that may sleep after a minute, for tests. */
export function planOf(more: Partial<WakePlan> = {}): WakePlan {
  return {
    id: 'docker:test/project:shop',
    keys: ['project:shop'],
    name: 'shop',
    autostart: true,
    timeoutMs: 60_000,
    browsers: 'page',
    theme: '',
    members: [memberOf('web')],
    idleMs: 60_000,
    method: 'stop',
    awake: [],
    busyCpuPercent: 0,
    probePath: '',
    afterManualStop: true,
    showsLog: false,
    ...more,
  };
}
