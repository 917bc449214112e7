import { createHash, createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '@dproxy/core';

interface StoredLeaf {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** A leaf's life is 397 days; a file that nobody wrote for longer holds nothing that could be served. */
const MAX_AGE_MS = 400 * 86_400_000;

/**
 * Leafs of the local CA on disk, one file each, named by a hash of the names: names from outside never become a path.
 * It is a cache: whatever is missing, torn, of another root or unreadable is simply issued again, so nothing is synced.
 */
export class LeafStore {
  readonly #directory: string;
  readonly #root: X509Certificate;
  readonly #log: Log;

  private constructor(directory: string, root: X509Certificate, log: Log) {
    this.#directory = directory;
    this.#root = root;
    this.#log = log;
  }

  static async open(directory: string, root: X509Certificate, log: Log): Promise<LeafStore> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await chmod(directory, 0o700);
    const store = new LeafStore(directory, root, log);
    await store.#prune();
    return store;
  }

  async load(names: readonly string[]): Promise<StoredLeaf | undefined> {
    const path = this.#path(names);
    try {
      const [certificatePem = '', keyPem = ''] = (await readFile(path, 'utf8')).split(
        /(?=-----BEGIN PRIVATE KEY-----)/,
      );
      const certificate = new X509Certificate(certificatePem);
      const isOurs = certificate.checkPrivateKey(createPrivateKey(keyPem)) && certificate.verify(this.#root.publicKey);
      if (isOurs) return { certificatePem, keyPem };
      this.#log.debug({ path, names }, 'a stored leaf is of another root; a new one is issued');
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') {
        this.#log.warn({ path, names, err: cause }, 'a stored leaf cannot be read; a new one is issued');
      }
    }
    return undefined;
  }

  /** A disk that is full costs the cache, not the site: it is logged, the leaf is served from memory. */
  async save(names: readonly string[], certificatePem: string, keyPem: string): Promise<void> {
    const path = this.#path(names);
    const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
    try {
      await writeFile(temporary, certificatePem + keyPem, { mode: 0o600, flag: 'wx' });
      await rename(temporary, path);
    } catch (cause) {
      this.#log.warn({ path, names, err: cause }, 'a leaf cannot be stored; it is issued again at the next start');
      await rm(temporary, { force: true });
    }
  }

  #path(names: readonly string[]): string {
    return join(this.#directory, `${createHash('sha256').update(names.join(',')).digest('hex')}.pem`);
  }

  async #prune(): Promise<void> {
    for (const name of await readdir(this.#directory)) {
      const path = join(this.#directory, name);
      const { mtimeMs } = await stat(path);
      if (name.endsWith('.tmp') || Date.now() - mtimeMs > MAX_AGE_MS) await rm(path, { force: true });
    }
  }
}
