import type { ContainerDescription } from '../describe-container.ts';

/** The same container, whose routes and streams wake a group. */
export function inWakeGroup(description: ContainerDescription, wakeGroup: string): ContainerDescription {
  return {
    ...description,
    definitions: description.definitions.map((each) =>
      each.action.type === 'forward' ? { ...each, wakeGroup } : each,
    ),
    streams: description.streams.map((each) => ({ ...each, wakeGroup })),
    view: { ...description.view, wakeGroup },
  };
}
