import { silentLog, type Explanation, type ExplainRequest, type Snapshot } from '@dproxy/core';
import { listenerOf, snapshotOf, type SnapshotSpec } from '@dproxy/testkit';
import { onTestFinished } from 'vitest';
import { RequestExplainer, type ExplainerParts } from './explain-requests.ts';

export const HTTP = listenerOf({ addresses: [{ host: '0.0.0.0', port: 8080 }], publicPort: 8080 });

export function explainerOf(snapshot: Snapshot | undefined, more: Partial<ExplainerParts> = {}): RequestExplainer {
  const explainer = new RequestExplainer({
    log: silentLog,
    snapshot: () => snapshot,
    material: () => new Map(),
    shadowed: () => [],
    containers: () => [],
    certificates: () => [],
    rejectedCount: () => 0,
    wakeGroups: () => [],
    ...more,
  });
  onTestFinished(() => explainer.close());
  return explainer;
}

export function explain(spec: SnapshotSpec, url: string, more: Partial<ExplainRequest> = {}): Explanation {
  const snapshot = snapshotOf({ listeners: [HTTP], ...spec });
  return explainerOf(snapshot).explain({ url, headers: [], client: '', hasClientCertificate: false, ...more });
}
