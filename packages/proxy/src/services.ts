import type { Duplex } from 'node:stream';
import type { Log, WildcardMemory } from '@dproxy/core';
import type { AccessLog } from './access-log.ts';
import type { ApplicationPath } from './application/index.ts';
import type { CompiledSnapshot } from './compiled-snapshot.ts';
import type { Counters } from './counters.ts';
import type { DeadlineWheel } from './deadline-wheel.ts';
import type { FilterServices } from './filters/filter-services.ts';
import type { CertificateHold } from './tls/certificate-hold.ts';
import type { SecureContexts } from './tls/secure-contexts.ts';
import type { BackendAges } from './upstream/backend-ages.ts';
import type { NameCache } from './upstream/name-cache.ts';
import type { UpstreamConnection } from './upstream/upstream-connection.ts';
import type { WaitingRoom } from './waiting/waiting-room.ts';

/** What every connection of a worker shares. */
export interface Services extends FilterServices {
  readonly log: Log;
  readonly wheel: DeadlineWheel;
  readonly counters: Counters;
  readonly memory: WildcardMemory;
  /** Names of backends. */
  readonly names: NameCache;
  /** Since when backends are ready or not, by `performance.now()`; those of `compiled`. */
  readonly ages: BackendAges;
  readonly accessLog: AccessLog | undefined;
  /** Undefined: routes with plugins answer 500. */
  readonly applicationPath: Pick<ApplicationPath, 'connect'> | undefined;
  readonly secureContexts: SecureContexts;
  /** Undefined: nobody can be asked for certificates on demand. */
  readonly certificateHold: CertificateHold | undefined;
  /** Handshakes for hosts whose first certificate is still being made. */
  readonly leafHold: CertificateHold;
  /** Who waits for a backend, and how much wake groups are used. */
  readonly waiting: WaitingRoom;
  /** Swapped with one assignment; a request keeps the one that it began with. */
  readonly compiled: CompiledSnapshot;
  readonly isDraining: boolean;
  /** A connection within the process, to be used like one to a backend. */
  overMemory(socket: Duplex): UpstreamConnection;
}
