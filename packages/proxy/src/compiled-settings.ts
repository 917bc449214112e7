import type { Limits, Snapshot } from '@dproxy/core';
import type { ClientRules } from './client/client-peer.ts';
import type { Pages } from './pages/index.ts';
import type { CompiledHttps } from './tls/compiled-https.ts';
import type { TlsTable } from './tls/tls-table.ts';

/** What a Snapshot says whatever the route: for what comes before one is chosen, and for what happens under every one. */
export interface CompiledSettings extends ClientRules {
  /** What it was made of. Deltas keep what they do not change, down to single entries: the next one is made of this one. */
  readonly source: Snapshot;
  readonly limits: Limits;
  readonly tls: TlsTable;
  readonly https: CompiledHttps;
  readonly pages: Pages;
}
