import type Docker from 'dockerode';
import type { ContainerPlan } from '@dproxy/core';

/**
 * Everything that reaches out of a container is named and off: an engine's own defaults (`daemon.json`) change none of it, and a
 * request cannot. What the image itself says (command, user, variables, ports) holds.
 */
export function createOptions({
  name,
  reference,
  labels,
  memoryBytes,
  maxProcesses,
}: ContainerPlan): Docker.ContainerCreateOptions {
  return {
    name,
    Image: reference,
    Labels: { ...labels },
    Tty: false,
    OpenStdin: false,
    HostConfig: {
      AutoRemove: true,
      RestartPolicy: { Name: 'no' },
      Privileged: false,
      SecurityOpt: ['no-new-privileges'],
      CapAdd: [],
      Binds: [],
      Mounts: [],
      VolumesFrom: [],
      Devices: [],
      DeviceRequests: [],
      NetworkMode: 'bridge',
      PublishAllPorts: false,
      PortBindings: {},
      ExtraHosts: [],
      PidMode: '',
      UTSMode: '',
      IpcMode: 'private',
      Memory: memoryBytes,
      // The same: no swap.
      MemorySwap: memoryBytes,
      PidsLimit: maxProcesses,
      OomKillDisable: false,
    },
  };
}
