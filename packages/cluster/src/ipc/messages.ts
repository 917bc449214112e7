import type {
  ApplyReport,
  CertificateMaterial,
  GroupActivity,
  SpentTokens,
  WakeProgress,
  WorkerState,
  WorkerStats,
} from '@dproxy/core';

/** Raised when a message changes its meaning; both sides refuse another one in the handshake. */
export const PROTOCOL = 1;

/** Who a worker is. `supervisorPid` is its parent when it started: by it the primary tells orphans from its own. */
export interface WorkerIdentity {
  readonly pid: number;
  /** PM2's id of the process; -1 without PM2. */
  readonly pmId: number;
  readonly supervisorPid: number;
  readonly startedAtMs: number;
}

export interface ListenersReport {
  readonly listeners: readonly {
    readonly id: string;
    readonly addresses: readonly { readonly host: string; readonly port: number }[];
  }[];
  readonly failed: ApplyReport['failed'];
}

export type WorkerMessage =
  | ({
      readonly type: 'hello';
      readonly protocol: number;
      readonly instance: string;
      /** 0 and '' when it has no table, or one from disk, which has no keys. */
      readonly haveVersion: number;
      readonly haveHash: string;
    } & WorkerIdentity)
  | ({ readonly type: 'ready' } & ListenersReport)
  | { readonly type: 'ack'; readonly version: number; readonly hash: string; readonly failed: ApplyReport['failed'] }
  | { readonly type: 'resync'; readonly reason: string }
  | { readonly type: 'state'; readonly state: WorkerState }
  | { readonly type: 'stats'; readonly request: number; readonly stats: WorkerStats }
  /** Clients ask for a routed host that no certificate but the local CA's covers. */
  | { readonly type: 'want-certificate'; readonly host: string }
  /** `client`, as rate limits count clients, has a request for a wake group of which nobody is ready. */
  | { readonly type: 'wake'; readonly group: string; readonly client: string }
  /** An answer, in parts: the last one says so. Groups that this worker never had to do with may be left out. */
  | {
      readonly type: 'activity';
      readonly request: number;
      readonly groups: readonly GroupActivity[];
      readonly isLast: boolean;
    }
  /** What its rate limits let through; the primary tells the others. */
  | SpentMessage;

export interface SpentMessage {
  readonly type: 'spent';
  readonly spent: readonly SpentTokens[];
}

/** What the first frame of a connection may be: a worker, or a primary that wants to take over. */
export type TakeoverMessage = { readonly type: 'takeover'; readonly instance: string; readonly pid: number };

export type PrimaryMessage =
  | { readonly type: 'welcome'; readonly instance: string; readonly index: number; readonly count: number }
  | { readonly type: 'refused'; readonly reason: string }
  | { readonly type: 'snapshot'; readonly version: number; readonly hash: string; readonly snapshot: unknown }
  | {
      readonly type: 'delta';
      readonly fromVersion: number;
      readonly fromHash: string;
      readonly version: number;
      readonly hash: string;
      readonly delta: unknown;
    }
  | { readonly type: 'tls'; readonly material: readonly CertificateMaterial[] }
  /** Keys of session tickets, base64, the newest first. */
  | { readonly type: 'tickets'; readonly keys: readonly string[] }
  /** Nobody will order what `want-certificate` asked for: handshakes need not wait. */
  | { readonly type: 'no-certificate'; readonly host: string }
  | { readonly type: 'drain'; readonly deadlineMs: number }
  | { readonly type: 'index'; readonly index: number; readonly count: number }
  | { readonly type: 'stats'; readonly request: number }
  | { readonly type: 'waking'; readonly progress: WakeProgress }
  | { readonly type: 'activity'; readonly request: number }
  | SpentMessage;

export type TakeoverAnswer =
  | { readonly type: 'granted' }
  /** `refused` is also what a wrong instance gets. */
  | { readonly type: 'refused'; readonly reason: string };
