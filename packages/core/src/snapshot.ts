import type { Backend } from './backend.ts';
import type { Listener } from './listener.ts';
import type { Route } from './route.ts';
import type { WorkerSettings } from './settings.ts';

/** What a certificate covers. The key travels apart from the Snapshot, so that a stored Snapshot holds none. */
export interface CertificateRef {
  /** SHA-256 fingerprint of the leaf, hex. */
  readonly id: string;
  /** DNS names of the leaf (`a.example.com`, `*.example.com`). */
  readonly names: readonly string[];
  /** `file` beats `local` for the same name. */
  readonly kind: 'file' | 'local';
}

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
  readonly backends: ReadonlyMap<string, Backend>;
  readonly certificates: ReadonlyMap<string, CertificateRef>;
  readonly pages: ReadonlyMap<string, PageOverride>;
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
