import type { ConnectedWorker } from '@dproxy/cluster';
import type { ContainerView, Inspector, Rejection } from '@dproxy/core';
import type { ControlPlane } from './control-plane.ts';

export interface InspectionParts {
  readonly plane: ControlPlane;
  readonly containers: () => readonly ContainerView[];
  readonly workers: () => readonly ConnectedWorker[];
  readonly warnings: () => readonly string[];
}

/** What the admin API and the command line see. */
export function inspect({ plane, containers, workers, warnings }: InspectionParts): Inspector {
  return {
    containers,
    backends: () => [...(plane.snapshot?.backends.values() ?? [])],
    routes: () => ({ routes: [...(plane.snapshot?.routes.values() ?? [])], shadowed: plane.shadowed }),
    rejected: () => [...plane.rejected, ...failedListeners(workers())],
    warnings,
  };
}

/** The same reason from every worker is one rejection. */
function failedListeners(workers: readonly ConnectedWorker[]): Rejection[] {
  const failed = new Map(workers.flatMap((worker) => worker.failed.map((entry) => [entry.listenerId, entry.reason])));
  return [...failed].map(([listenerId, reason]) => ({
    source: `listener ${listenerId}`,
    line: 0,
    column: 0,
    message: reason,
    expected: 'an address that workers can bind',
  }));
}
