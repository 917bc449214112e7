import type { ConnectedWorker } from '@dproxy/cluster';
import type { CertificateView, ContainerView, Inspector, Rejection, WakeGroupView } from '@dproxy/core';
import { CertificateViews } from './certificate-views.ts';
import { withTableStates } from './container-views.ts';
import type { ControlPlane } from './control-plane.ts';

export interface InspectionParts {
  readonly plane: ControlPlane;
  readonly containers: () => readonly ContainerView[];
  /** Certificates that are ordered from authorities, and names that wait for one. */
  readonly orderedCertificates: () => readonly CertificateView[];
  readonly workers: () => readonly ConnectedWorker[];
  readonly wakeGroups: () => readonly WakeGroupView[];
  readonly warnings: () => readonly string[];
}

/** What the admin API and the command line see. */
export function inspect(parts: InspectionParts): Inspector {
  const { plane, containers, orderedCertificates, workers, wakeGroups, warnings } = parts;
  const views = new CertificateViews();
  return {
    containers: () => withTableStates(containers(), plane.snapshot?.backends ?? new Map()),
    backends: () => [...(plane.snapshot?.backends.values() ?? [])],
    routes: () => ({ routes: [...(plane.snapshot?.routes.values() ?? [])], shadowed: plane.shadowed }),
    streams: () => ({ streams: [...(plane.snapshot?.streams.values() ?? [])], shadowed: plane.shadowedStreams }),
    wakeGroups,
    rejected: () => [...plane.rejected, ...failedListeners(workers())],
    certificates: () => [
      ...orderedCertificates(),
      ...views.describe(plane.snapshot?.certificates.values() ?? [], plane.material, Date.now()),
    ],
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
