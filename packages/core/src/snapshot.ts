import type { Backend } from './backend.ts';
import type { Listener } from './listener.ts';
import type { Route } from './route.ts';
import type { WorkerSettings } from './settings.ts';
import type { StreamRoute } from './stream.ts';
import type { TlsPolicy } from './tls-policy.ts';
import type { WakeGroup } from './wake.ts';

/** What a certificate covers. The key travels apart from the Snapshot, so that a stored Snapshot holds none. */
export interface CertificateRef {
  /** SHA-256 fingerprint of the leaf, hex. */
  readonly id: string;
  /** DNS names of the leaf (`a.example.com`, `*.example.com`). */
  readonly names: readonly string[];
  /**
   * For the same name `file` beats `acme`, which beats `local`. Clients need not trust `local` (the local CA): it never causes
   * a redirect or HSTS.
   */
  readonly kind: 'file' | 'acme' | 'local';
}

/**
 * What workers answer to a certificate authority that checks whether a name is ours. Public by nature: the authority fetches
 * it, and it proves nothing to anybody else. The key of a `tls-alpn-01` certificate travels as material.
 */
export type Challenge =
  | {
      /** `http-01:<token>` */
      readonly id: string;
      readonly type: 'http-01';
      /** Lower case; an IP address without brackets. */
      readonly host: string;
      readonly token: string;
      /** RFC 8555 section 8.1; the body of the answer. */
      readonly keyAuthorization: string;
    }
  | {
      /** `tls-alpn-01:<host>` */
      readonly id: string;
      readonly type: 'tls-alpn-01';
      /** The SNI that the authority sends (RFC 8737 section 3; for addresses RFC 8738 section 6). */
      readonly host: string;
      /** `CertificateMaterial.id` */
      readonly certificateId: string;
    };

/** A certificate with its key, in PEM, as it goes from the primary to workers. Never written by a worker. */
export interface CertificateMaterial {
  readonly id: string;
  /** Leaf first, then intermediates. */
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** A replacement for one of the pages that dproxy answers itself: the file `503.html` of the pages folder. */
export interface PageOverride {
  /** `503.html`, `404.json`, `default.txt`. */
  readonly id: string;
  readonly content: string;
}

/** The collections of a Snapshot; each entry has an `id`, by which deltas name it. */
export interface SnapshotTables {
  readonly listeners: ReadonlyMap<string, Listener>;
  readonly routes: ReadonlyMap<string, Route>;
  readonly streams: ReadonlyMap<string, StreamRoute>;
  readonly backends: ReadonlyMap<string, Backend>;
  readonly certificates: ReadonlyMap<string, CertificateRef>;
  readonly pages: ReadonlyMap<string, PageOverride>;
  readonly challenges: ReadonlyMap<string, Challenge>;
  readonly tlsPolicies: ReadonlyMap<string, TlsPolicy>;
  readonly wakeGroups: ReadonlyMap<string, WakeGroup>;
}

/**
 * The one value that joins everything: immutable, versioned, serialisable. The primary makes it, workers compile it once
 * and swap it with one assignment; a request finishes with the Snapshot that it began with.
 */
export interface Snapshot extends SnapshotTables {
  /** Increases by one with each change; starts at 1. */
  readonly version: number;
  /** Over all content but `version`; two Snapshots with the same content have the same hash. */
  readonly hash: string;
  readonly settings: WorkerSettings;
}
