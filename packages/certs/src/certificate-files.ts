import type { CertificateMaterial, CertificateRef, Log, Rejection } from '@dproxy/core';
import { type PairFile, type PairFiles, type Scan, scanDirectory } from './_scan.ts';
import { assignNames, type NamedPair } from './assign-names.ts';
import { PairError, readPair } from './certificate-pair.ts';
import { DirectoryWatch } from './directory-watch.ts';

/** All that the directory says at one moment. Material may hold certificates whose names all went to better ones. */
export interface CertificateFilesState {
  readonly refs: readonly CertificateRef[];
  readonly material: ReadonlyMap<string, CertificateMaterial>;
  readonly rejected: readonly Rejection[];
}

export interface CertificateFilesOptions {
  /** `DOCKER_PROXY_SSL_PATH`. It may be missing and appear later. */
  readonly directory: string;
  readonly log: Log;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Quiet time after a change before the files are read. Default 200 ms. */
  readonly debounceMs?: number;
  /** The directory is also read without a change: dates come and go, network file systems tell nothing. Default 60 s. */
  readonly rescanMs?: number;
}

interface GoodPair extends NamedPair {
  /** Both files as they were read. */
  readonly content: string;
}

/**
 * Certificates that a person or an ACME client puts into a directory. A pair that is bad is rejected alone; one that turned
 * bad (half written, key of the next certificate) keeps its last good version until that expires. One that is removed is gone.
 */
export class CertificateFiles {
  readonly #options: CertificateFilesOptions;
  readonly #watch: DirectoryWatch;
  /** By certificate path. */
  #lastGood = new Map<string, GoodPair>();
  #published = '';
  #warned = new Set<string>();
  #publish: (state: CertificateFilesState) => void = () => {};

  constructor(options: CertificateFilesOptions) {
    this.#options = options;
    this.#watch = new DirectoryWatch({
      debounceMs: options.debounceMs ?? 200,
      rescanMs: options.rescanMs ?? 60_000,
      log: options.log,
      onChange: () => this.#read(),
    });
  }

  /** Resolves when the first state has been published; after that `publish` is called whenever it changed. */
  async start(publish: (state: CertificateFilesState) => void): Promise<void> {
    this.#publish = publish;
    await this.#watch.start(this.#options.directory);
  }

  async stop(): Promise<void> {
    await this.#watch.stop();
  }

  /** Reads the directory and returns the folders to watch. */
  async #read(): Promise<readonly string[]> {
    const { directory } = this.#options;
    try {
      const scan = await scanDirectory(directory);
      this.#publishIfNew(this.#judge(scan));
      return scan.folders;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const message = `the directory of certificates cannot be read: ${reason}`;
      // Nothing is dropped: a mount that is away for a moment must not take the sites' certificates with it.
      this.#publishIfNew({
        ...this.#toState([...this.#lastGood.values()]),
        rejected: [rejection(directory, message, 'a directory with <host>.crt and <host>.key files')],
      });
      return [directory];
    }
  }

  #judge(scan: Scan): CertificateFilesState {
    const good = new Map<string, GoodPair>();
    const rejected: Rejection[] = [];
    for (const files of scan.pairs) {
      const path = files.certificate.path;
      try {
        good.set(path, this.#readOne(files));
      } catch (cause) {
        rejected.push(toRejection(files, cause));
        const before = this.#lastGood.get(path);
        if (before !== undefined && before.pair.notAfterMs > this.#options.now()) good.set(path, before);
      }
    }
    this.#lastGood = good;
    return { ...this.#toState([...good.values()]), rejected };
  }

  /** Unchanged content is not parsed again: that costs half a millisecond a pair, in the process of the admin API. */
  #readOne(files: PairFiles): GoodPair {
    const certificatePem = contentOf(files.certificate, 'certificate');
    const keyPem = contentOf(files.key, 'key');
    this.#warnAboutMode(files.key);
    const content = certificatePem + keyPem;
    const before = this.#lastGood.get(files.certificate.path);
    if (before?.content === content && before.pair.notAfterMs > this.#options.now()) return before;
    return { name: files.name, pair: readPair(certificatePem, keyPem, this.#options.now()), content };
  }

  /** Deployed so for years, and not ours to change: a warning once, not a site without its certificate. */
  #warnAboutMode(key: PairFile): void {
    if ((key.mode & 0o077) === 0) {
      this.#warned.delete(key.path);
      return;
    }
    if (this.#warned.has(key.path)) return;
    this.#warned.add(key.path);
    const mode = key.mode.toString(8);
    this.#options.log.warn({ file: key.path, mode }, 'this private key can be read by others; expected mode 600');
  }

  #toState(pairs: readonly NamedPair[]): Pick<CertificateFilesState, 'refs' | 'material'> {
    const refs = assignNames(pairs);
    return { refs, material: new Map(pairs.map(({ pair }) => [pair.material.id, pair.material])) };
  }

  #publishIfNew(state: CertificateFilesState): void {
    const content = JSON.stringify([state.refs, state.rejected]);
    if (content === this.#published) return;
    this.#published = content;
    for (const { source, message, expected } of state.rejected) {
      this.#options.log.warn({ file: source, expected }, message);
    }
    this.#publish(state);
  }
}

function contentOf(file: PairFile, part: 'certificate' | 'key'): string {
  if (file.content !== undefined) return file.content;
  if (file.problem !== '') throw new PairError(part, file.problem, 'a readable PEM file');
  throw new PairError(part, `the ${part} is missing`, `a file ${file.path}`);
}

function toRejection(files: PairFiles, cause: unknown): Rejection {
  if (!(cause instanceof PairError)) throw cause;
  return rejection(files[cause.part].path, cause.message, cause.expected);
}

function rejection(source: string, message: string, expected: string): Rejection {
  return { source, line: 0, column: 0, message, expected };
}
