import type { ContainerDescription } from '../describe-container.ts';

/** The same container, whose routes and streams wake a group. */
export function inWakeGroup(description: ContainerDescription, wakeGroup: string): ContainerDescription {
  return {
    ...description,
    definitions: description.definitions.map((each) =>
      each.action.type === 'forward' ? { ...each, wakeGroup } : each,
    ),
    streams: description.streams.map((each) => ({ ...each, wakeGroup })),
    view: { ...description.view, wakeGroup, ...sleepingReason(description) },
  };
}

/** Whether it is to be started by hand is another question than for a container that does not wake. */
function sleepingReason({ view: { name, state, backends } }: ContainerDescription): { readonly reason?: string } {
  const isServed = backends.some((backend) => backend.state === 'stopped' || backend.state === 'paused');
  const isDown = state === 'exited' || state === 'created' || state === 'paused';
  const command = state === 'paused' ? 'unpause' : 'start';
  return isDown && isServed ? { reason: `it sleeps, see /wake: a request wakes it, or docker ${command} ${name}` } : {};
}
