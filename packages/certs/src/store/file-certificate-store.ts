import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { Log } from '@dproxy/core';
import type { CertificateStore, IssuedCertificate, Lease, StoredCertificate } from '../ports.ts';
import { CertificateEntry } from './certificate-entry.ts';
import { canonicalName, checkCertificate, MAX_VERSION_FILE_BYTES } from './certificate-version.ts';
import { ChangeMarker } from './change-marker.ts';
import { Disk, type DiskCalls, isMissing, type Owner, systemCalls } from './disk.ts';
import { FileLease } from './file-lease.ts';
import { LeaseLock, type LeaseTiming, systemTiming } from './lease-lock.ts';
import { fileSystemNowMs, PROBE, removeLeftovers } from './leftovers.ts';
import { StateDocuments } from './state-documents.ts';
import { StoreError } from './store-error.ts';

export interface FileCertificateStoreOptions {
  /** `<state>/certificates`; made with mode 0700. */
  readonly directory: string;
  readonly log: Log;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Only looks: makes no folder, closes no file, sweeps nothing. Default false. */
  readonly isReadOnly?: boolean;
  readonly calls?: DiskCalls;
  readonly timing?: LeaseTiming;
}

/** SHA-256 of authority and names: what comes from outside never becomes a path. */
const ENTRY = /^[0-9a-f]{64}$/;
/** Longer than any write takes. */
const LEFTOVER_MS = 600_000;
/** Of 10,000 certificates nobody waits for the last file handle. */
const CONCURRENCY = 16;

/**
 * Certificates of the authorities, with what is known about orders, below `<state>/certificates`. Several processes may use
 * it at once (`dproxy import` beside the primary, two instances on one volume).
 *
 *   issued/<hash>/    versions of one certificate
 *   documents/        state documents
 *   leases/           lock files
 *   changed           another content after each save
 */
export class FileCertificateStore implements CertificateStore {
  readonly #directory: string;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #isReadOnly: boolean;
  readonly #disk: Disk;
  readonly #timing: LeaseTiming;
  readonly #lock: LeaseLock;
  readonly #documents: StateDocuments;
  readonly #marker: ChangeMarker;
  readonly #entries = new Map<string, CertificateEntry>();
  /** It was there: from then on a folder that is missing was taken away, and is not an empty one. */
  #isPrepared = false;

  private constructor(options: FileCertificateStoreOptions, owner: Owner | undefined) {
    const { directory, log, now, isReadOnly = false, calls = systemCalls, timing = systemTiming } = options;
    this.#directory = directory;
    this.#log = log;
    this.#now = now;
    this.#isReadOnly = isReadOnly;
    this.#timing = timing;
    this.#disk = new Disk(calls, owner);
    this.#lock = new LeaseLock(this.#disk, timing);
    this.#documents = new StateDocuments(join(directory, 'documents'), { disk: this.#disk, log, isReadOnly });
    this.#marker = new ChangeMarker(directory, this.#disk, log);
  }

  /**
   * A folder that cannot be written (full, read-only) is logged: what is in it is served all the same.
   * @throws StoreError when the folder is not there and cannot be made
   */
  static async open(options: FileCertificateStoreOptions): Promise<FileCertificateStore> {
    const owner = await ownerOf(options.directory, options.calls ?? systemCalls);
    const store = new FileCertificateStore(options, owner);
    if (options.isReadOnly !== true) await store.#prepare();
    return store;
  }

  /** @throws StoreError when the folder cannot be read, or is gone */
  async load(): Promise<readonly StoredCertificate[]> {
    const names = await this.#list();
    for (const name of this.#entries.keys()) if (!names.includes(name)) this.#entries.delete(name);
    const loaded: StoredCertificate[] = [];
    const queue = names.values();
    const work = async (): Promise<void> => {
      for (const name of queue) {
        const certificate = await this.#loadEntry(name);
        if (certificate !== undefined) loaded.push(certificate);
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
    return withoutReplaced(loaded, this.#now()).toSorted(
      (a, b) => compare(a.names[0], b.names[0]) || compare(a.authority, b.authority),
    );
  }

  /** @throws PairError, StoreError */
  async save(certificate: IssuedCertificate): Promise<StoredCertificate> {
    const checked = checkCertificate(certificate);
    const names = certificate.names.map(canonicalName);
    try {
      await this.#entry(entryName(certificate.authority, names)).save(checked, names);
    } catch (cause) {
      throw new StoreError(`the certificate of ${names[0] ?? 'no name'} cannot be stored`, cause);
    }
    await this.#marker.set();
    return checked;
  }

  /**
   * Resolves at once where it is free or its holder runs on this machine. A holder that cannot be asked is watched until it
   * shows a heartbeat (5 s at most) or is stale (10 s).
   * @throws StoreError when the folder cannot be written: then nobody can be sure to be alone
   */
  async lease(key: string): Promise<Lease | undefined> {
    const path = join(this.#directory, 'leases', `${sha256(key)}.lock`);
    const { calls } = this.#disk;
    try {
      const file = await this.#lock.take(path, key);
      if (file === undefined) return undefined;
      return new FileLease(file, { lock: this.#lock, calls, timing: this.#timing, log: this.#log });
    } catch (cause) {
      throw new StoreError('a lease cannot be taken', cause);
    }
  }

  async readState(name: string): Promise<unknown> {
    return await this.#documents.read(name);
  }

  async writeState(name: string, value: unknown): Promise<void> {
    await this.#documents.write(name, value);
  }

  /**
   * Calls `onChange` after certificates were saved, by this process or another one (`dproxy import` while the primary runs):
   * then `load` again; what did not change is not read again. On network file systems within half a minute.
   */
  async watch(onChange: () => void): Promise<AsyncDisposable> {
    return await this.#marker.watch(onChange);
  }

  async #prepare(): Promise<void> {
    const { calls } = this.#disk;
    try {
      await calls.mkdir(dirname(this.#directory), { recursive: true, mode: 0o700 });
      for (const folder of [this.#directory, ...FOLDERS.map((name) => join(this.#directory, name))]) {
        // oxlint-disable-next-line no-await-in-loop -- one inside the other
        await this.#disk.makeFolder(folder);
      }
      this.#isPrepared = true;
      await this.#sweep();
    } catch (cause) {
      const error = new StoreError(`certificates cannot be stored in ${this.#directory}`, cause);
      // Without a folder there is nothing to serve from either.
      if (!(await this.#isThere())) throw error;
      this.#log.error({ directory: this.#directory, err: error }, error.message);
    }
  }

  async #sweep(): Promise<void> {
    const beforeMs = (await fileSystemNowMs(this.#disk, this.#directory)) - LEFTOVER_MS;
    await removeLeftovers(this.#disk, this.#directory, PROBE, beforeMs);
    await removeLeftovers(this.#disk, this.#directory, /\.tmp$/, beforeMs);
    await removeLeftovers(this.#disk, join(this.#directory, 'leases'), /\.(?:draft|guard)$/, beforeMs);
    await this.#documents.sweep(beforeMs);
    for (const name of await this.#list()) await this.#sweepEntry(name, beforeMs);
  }

  /** What is no folder, or somebody else's, is told of when it is read. */
  async #sweepEntry(name: string, beforeMs: number): Promise<void> {
    try {
      await this.#entry(name).sweep(beforeMs);
    } catch (cause) {
      this.#log.debug({ name, err: cause }, 'a stored certificate cannot be swept');
    }
  }

  async #isThere(): Promise<boolean> {
    return await this.#disk.calls.stat(join(this.#directory, 'issued')).then(
      (found) => found.isDirectory(),
      () => false,
    );
  }

  async #list(): Promise<readonly string[]> {
    try {
      return (await this.#disk.calls.readdir(join(this.#directory, 'issued'))).filter((name) => ENTRY.test(name));
    } catch (cause) {
      if (isMissing(cause) && !this.#isPrepared) return [];
      // Whoever serves what was in it shall go on, and order none of it again.
      throw new StoreError('the stored certificates cannot be read', cause);
    }
  }

  /** One bad entry costs one certificate, not all of them. */
  async #loadEntry(name: string): Promise<StoredCertificate | undefined> {
    try {
      return await this.#entry(name).load();
    } catch (cause) {
      const folder = join(this.#directory, 'issued', name);
      this.#log.warn({ folder, err: cause }, 'a stored certificate cannot be read; restore or remove this folder');
      return undefined;
    }
  }

  #entry(name: string): CertificateEntry {
    let entry = this.#entries.get(name);
    if (entry === undefined) {
      entry = new CertificateEntry(join(this.#directory, 'issued', name), {
        disk: this.#disk,
        log: this.#log,
        now: this.#now,
        reading: {
          calls: this.#disk.calls,
          log: this.#log,
          isReadOnly: this.#isReadOnly,
          maxBytes: MAX_VERSION_FILE_BYTES,
        },
      });
      this.#entries.set(name, entry);
    }
    return entry;
  }
}

const FOLDERS = ['issued', 'documents', 'leases'] as const;

/** The same for the same names in any order. */
function entryName(authority: string, names: readonly string[]): string {
  return sha256(JSON.stringify([authority, ...[...new Set(names)].toSorted()]));
}

/** An expired certificate is of no use where another authority has given a valid one for exactly its names. */
function withoutReplaced(loaded: readonly StoredCertificate[], nowMs: number): readonly StoredCertificate[] {
  const namesOf = ({ names }: StoredCertificate) => names.toSorted().join(' ');
  const valid = new Set(loaded.filter(({ notAfterMs }) => notAfterMs >= nowMs).map(namesOf));
  return loaded.filter((one) => one.notAfterMs >= nowMs || !valid.has(namesOf(one)));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function compare(a = '', b = ''): number {
  return a < b ? -1 : Number(a > b);
}

/**
 * `sudo dproxy import` writes into the folder of the service's user, who has to read it: root gives new files to the owner of
 * the folder, or of the one above it. Everybody else writes as themselves.
 */
async function ownerOf(directory: string, calls: DiskCalls): Promise<Owner | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const path of [directory, dirname(directory)]) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- the second only where there is no first
      const { uid, gid } = await calls.stat(path);
      return uid === 0 ? undefined : { uid, gid };
    } catch (cause) {
      if (!isMissing(cause)) throw cause;
    }
  }
  return undefined;
}
