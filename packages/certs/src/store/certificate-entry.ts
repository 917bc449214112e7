import { join } from 'node:path';
import type { Log } from '@dproxy/core';
import type { StoredCertificate } from '../ports.ts';
import { readVersion, stampOf, writeVersion } from './certificate-version.ts';
import { type Disk, isMissing, uniqueName } from './disk.ts';
import { removeLeftovers } from './leftovers.ts';
import { FileRefused, type PrivateFileOptions } from './private-file.ts';

/** Its place in time, then chance: two writers at once make two versions, never one together. */
const VERSION = /^(\d{10})-[0-9a-f]{12}$/;
const POINTER = 'current';
const UNFINISHED = /^\.new-|\.tmp$/;
const KEPT_VERSIONS = 3;

export interface EntryOptions {
  readonly disk: Disk;
  readonly log: Log;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly reading: PrivateFileOptions;
}

interface KnownVersion {
  readonly stamp: string;
  readonly certificate: StoredCertificate;
}

/**
 * One certificate through its renewals:
 *
 *   <hash>/current                     the name of the version to use
 *   <hash>/0000000007-5c0ffee5c0ff/    key.pem, meta.json, chain.pem; never changed after it has this name
 *   <hash>/.new-...                    being written, or left over from a crash
 */
export class CertificateEntry {
  readonly #folder: string;
  readonly #options: EntryOptions;
  #known = new Map<string, KnownVersion>();
  /** What has been said of each version, so that it is not said at every reading. */
  #told = new Map<string, string>();

  constructor(folder: string, options: EntryOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  /**
   * The version that `current` names, else the newest one, else the one before. A version that is not valid at this time is
   * taken only where none is: as history, for whoever renews it. Undefined: no version can be used; the log says why.
   */
  async load(): Promise<StoredCertificate | undefined> {
    const { versions, pointer } = await this.#list();
    const order = versions.includes(pointer) ? [pointer, ...versions.filter((name) => name !== pointer)] : versions;
    const known = new Map<string, KnownVersion>();
    let outOfDate: StoredCertificate | undefined;
    for (const version of order) {
      // oxlint-disable-next-line no-await-in-loop -- nearly always the first one is good
      const found = await this.#read(version);
      if (found === undefined) continue;
      known.set(version, found);
      const { certificate } = found;
      if (isValid(certificate, this.#options.now())) {
        this.#known = known;
        return certificate;
      }
      outOfDate ??= certificate;
    }
    this.#known = known;
    if (outOfDate === undefined && order.length > 0) {
      this.#tell('', 'no version of a stored certificate can be used; it is ordered again', {});
    }
    return outOfDate;
  }

  /** Durable when it resolves. Each step leaves either the version before or this one to `load`. */
  async save(certificate: StoredCertificate, names: readonly string[]): Promise<void> {
    const { disk } = this.#options;
    await disk.makeFolder(this.#folder);
    const { versions } = await this.#list();
    const version = `${nextPlace(versions)}-${uniqueName()}`;
    const draft = join(this.#folder, `.new-${version}`);
    try {
      await disk.makeFolder(draft);
      await writeVersion(disk, draft, certificate, names);
      await disk.syncFolder(draft);
      await disk.calls.rename(draft, join(this.#folder, version));
    } catch (cause) {
      await disk.discard(draft);
      throw cause;
    }
    await disk.syncFolder(this.#folder);
    await disk.replaceFile(join(this.#folder, POINTER), `${version}\n`);
    await this.#prune([version, ...versions]);
  }

  /** Removes what crashed writes have left. @param beforeMs on the clock of the file system */
  async sweep(beforeMs: number): Promise<void> {
    await removeLeftovers(this.#options.disk, this.#folder, UNFINISHED, beforeMs);
  }

  /** Newest first. */
  async #list(): Promise<{ versions: readonly string[]; pointer: string }> {
    const { calls } = this.#options.disk;
    const names = await calls.readdir(this.#folder);
    const versions = names.filter((name) => VERSION.test(name)).toSorted();
    return { versions: versions.toReversed(), pointer: await this.#pointer() };
  }

  /** Empty when there is none that can be read: then the newest version counts. */
  async #pointer(): Promise<string> {
    const path = join(this.#folder, POINTER);
    try {
      return (await this.#options.disk.calls.readFile(path, 'latin1')).trim();
    } catch (cause) {
      if (!isMissing(cause))
        this.#tell(POINTER, 'cannot be read; the newest version is used', { file: path, err: cause });
      return '';
    }
  }

  async #read(version: string): Promise<KnownVersion | undefined> {
    const folder = join(this.#folder, version);
    try {
      const stamp = await stampOf(this.#options.disk, folder);
      const known = this.#known.get(version);
      if (known?.stamp === stamp) return known;
      const certificate = await readVersion(folder, this.#options.reading);
      this.#told.delete(version);
      // Closing a file that was open to others changes its stamp.
      return { certificate, stamp: await stampOf(this.#options.disk, folder) };
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const advice = cause instanceof FileRefused && cause.advice !== '' ? cause.advice : `restore or remove ${folder}`;
      this.#tell(version, `a stored certificate cannot be used: ${reason}`, { folder, advice });
      return undefined;
    }
  }

  #tell(about: string, message: string, fields: object): void {
    if (this.#told.get(about) === message) return;
    this.#told.set(about, message);
    this.#options.log.warn({ folder: this.#folder, ...fields }, message);
  }

  /** @param versions newest first */
  async #prune(versions: readonly string[]): Promise<void> {
    const { disk, log } = this.#options;
    for (const version of versions.slice(KEPT_VERSIONS)) {
      const path = join(this.#folder, version);
      // oxlint-disable-next-line no-await-in-loop -- one version a renewal
      if (!(await disk.discard(path))) log.warn({ path }, 'an old version of a certificate cannot be removed');
    }
  }
}

function nextPlace(versions: readonly string[]): string {
  const last = Number(VERSION.exec(versions[0] ?? '')?.[1] ?? '0');
  return String(last + 1).padStart(10, '0');
}

function isValid({ notBeforeMs, notAfterMs }: StoredCertificate, nowMs: number): boolean {
  return notBeforeMs <= nowMs && nowMs <= notAfterMs;
}
