import { diffSnapshots, encodeSnapshot, namedMaterial, type CertificateMaterial, type Snapshot } from '@dproxy/core';
import { encodeFrame } from './frames.ts';
import type { PrimaryMessage } from './messages.ts';

/**
 * How many versions back a worker may be and still get a delta. A worker has one table message on its way at a time, so
 * it falls behind only by what is published meanwhile; each version kept costs its maps, not its entries.
 */
const DELTA_VERSIONS = 8;

/** What brings a worker to the current table. */
export interface TableFrame {
  readonly kind: 'snapshot' | 'delta';
  readonly bytes: Buffer;
}

/** The current table and the bytes that carry it: each made once, however many workers get it. */
export class PublishedTable {
  /** The newest last. */
  #versions: Snapshot[] = [];
  #material: ReadonlyMap<string, CertificateMaterial> = new Map();
  #snapshotFrame: TableFrame | undefined;
  #deltaFrames = new Map<number, TableFrame>();
  #tlsFrames = new Map<string, Buffer>();

  get current(): Snapshot | undefined {
    return this.#versions.at(-1);
  }

  /** @throws RangeError when the version does not increase: workers would mistake it for an older table. */
  publish(snapshot: Snapshot, material: ReadonlyMap<string, CertificateMaterial>): void {
    const before = this.current?.version ?? 0;
    if (snapshot.version <= before) throw new RangeError(`version ${snapshot.version} after ${before}`);
    this.#versions = [...this.#versions, snapshot].slice(-DELTA_VERSIONS - 1);
    this.#material = material;
    this.#snapshotFrame = undefined;
    this.#deltaFrames = new Map();
    this.#tlsFrames = new Map();
  }

  /** Undefined when there is no table yet, or when the worker has the current one. */
  frameFrom(haveVersion: number, haveHash: string): TableFrame | undefined {
    const current = this.current;
    if (current === undefined || (haveVersion === current.version && haveHash === current.hash)) return undefined;
    const from = this.#versions.find(({ version, hash }) => version === haveVersion && hash === haveHash);
    return from === undefined ? this.#fullFrame(current) : this.#deltaFrame(from, current);
  }

  #fullFrame(current: Snapshot): TableFrame {
    this.#snapshotFrame ??= {
      kind: 'snapshot',
      bytes: encodeFrame({
        type: 'snapshot',
        version: current.version,
        hash: current.hash,
        snapshot: encodeSnapshot(current),
      } satisfies PrimaryMessage),
    };
    return this.#snapshotFrame;
  }

  #deltaFrame(from: Snapshot, to: Snapshot): TableFrame {
    const known = this.#deltaFrames.get(from.version);
    if (known !== undefined) return known;
    const bytes = encodeFrame({
      type: 'delta',
      fromVersion: from.version,
      fromHash: from.hash,
      version: to.version,
      hash: to.hash,
      delta: diffSnapshots(from, to),
    } satisfies PrimaryMessage);
    const frame: TableFrame = { kind: 'delta', bytes };
    this.#deltaFrames.set(from.version, frame);
    return frame;
  }

  /** Certificates that the current table names, as far as there is a key for them. */
  materialIds(): readonly string[] {
    const { current } = this;
    if (current === undefined) return [];
    return [...new Set(namedMaterial(current))].filter((id) => this.#material.has(id));
  }

  /** The keys that a worker with `known` still needs for the current table; undefined when it has them all. */
  tlsFrame(known: ReadonlySet<string>): Buffer | undefined {
    const missing = this.materialIds().filter((id) => !known.has(id));
    if (missing.length === 0) return undefined;
    const key = missing.join();
    const made = this.#tlsFrames.get(key);
    if (made !== undefined) return made;
    const material = missing.flatMap((id) => this.#material.get(id) ?? []);
    const bytes = encodeFrame({ type: 'tls', material } satisfies PrimaryMessage);
    this.#tlsFrames.set(key, bytes);
    return bytes;
  }
}
