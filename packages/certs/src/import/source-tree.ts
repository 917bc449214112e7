import { constants } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, normalize, sep } from 'node:path';

/** The import as a whole cannot be done; says what was found and what was expected. */
export class ImportError extends Error {
  override readonly name = 'ImportError';
}

/** One file cannot be had. `unreadable`: it is there, but we may not or cannot read it, so something usable may be missing. */
export class SourceProblem extends Error {
  override readonly name = 'SourceProblem';
  readonly kind: 'missing' | 'outside' | 'unreadable';

  constructor(kind: 'missing' | 'outside' | 'unreadable', message: string) {
    super(message);
    this.kind = kind;
  }
}

/** More entries in one folder are a wrong folder. */
const MAX_ENTRIES = 50_000;

/**
 * What is below the path of an import, and nothing else: who runs it is often root, and who may write into the folder need
 * not be. Links are followed only to where they stay inside, or lead into certbot's own archive.
 */
export class SourceTree {
  /** Real path. */
  readonly root: string;
  readonly isFile: boolean;
  readonly #allowed: readonly string[];
  /** Several layouts look into the same folders. */
  readonly #lists = new Map<string, Promise<readonly string[]>>();

  private constructor(root: string, isFile: boolean, allowed: readonly string[]) {
    this.root = root;
    this.isFile = isFile;
    this.#allowed = allowed;
  }

  /** @throws ImportError */
  static async open(path: string): Promise<SourceTree> {
    try {
      const root = await realpath(path);
      const found = await stat(root);
      if (!found.isFile() && !found.isDirectory()) throw new ImportError(`${path} is neither a file nor a folder`);
      return new SourceTree(root, found.isFile(), [root, ...archivesOf(root)]);
    } catch (cause) {
      if (cause instanceof ImportError) throw cause;
      throw new ImportError(`${path} cannot be read: ${reasonOf(cause)}`, { cause });
    }
  }

  /** Sorted. Empty when it is no folder of this tree. @throws ImportError */
  async list(folder: string): Promise<readonly string[]> {
    const path = normalize(folder);
    const known = this.#lists.get(path) ?? this.#readFolder(path);
    this.#lists.set(path, known);
    return await known;
  }

  async #readFolder(folder: string): Promise<readonly string[]> {
    try {
      const entries = await readdir(await this.#resolve(folder));
      if (entries.length > MAX_ENTRIES) {
        throw new ImportError(
          `${join(this.root, folder)} has ${entries.length} entries; expected ${MAX_ENTRIES} at most`,
        );
      }
      return entries.toSorted();
    } catch (cause) {
      if (cause instanceof SourceProblem && cause.kind !== 'unreadable') return [];
      const code = (cause as NodeJS.ErrnoException).code ?? '';
      if (code === 'ENOENT' || code === 'ENOTDIR') return [];
      if (cause instanceof ImportError) throw cause;
      throw new ImportError(`${join(this.root, folder)} cannot be read: ${reasonOf(cause)}`, { cause });
    }
  }

  /** The file that a path means in the end, so that two links to one file are one. The path itself when it cannot be had. */
  async identity(path: string): Promise<string> {
    try {
      return await this.#resolve(path);
    } catch {
      return join(this.root, path);
    }
  }

  /** @throws SourceProblem */
  async read(path: string, maxBytes: number): Promise<string> {
    const real = await this.#resolve(path);
    try {
      // O_NOFOLLOW: it was no link a moment ago. O_NONBLOCK: a pipe must not hold us for ever.
      const file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      try {
        const found = await file.stat();
        if (!found.isFile()) throw new SourceProblem('unreadable', 'it is no file');
        if (found.size > maxBytes) {
          throw new SourceProblem('unreadable', `${found.size} bytes, more than ${maxBytes}`);
        }
        return await file.readFile('utf8');
      } finally {
        await file.close();
      }
    } catch (cause) {
      if (cause instanceof SourceProblem) throw cause;
      throw new SourceProblem('unreadable', `it cannot be read: ${reasonOf(cause)}`);
    }
  }

  async #resolve(path: string): Promise<string> {
    let real: string;
    try {
      real = await realpath(join(this.root, path));
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      const isMissing = code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP';
      throw new SourceProblem(isMissing ? 'missing' : 'unreadable', `it cannot be read: ${reasonOf(cause)}`);
    }
    if (this.#allowed.some((folder) => real === folder || real.startsWith(withSeparator(folder)))) return real;
    throw new SourceProblem('outside', `it is a link that leads out of ${this.root}`);
  }
}

/** `live/<name>/*.pem` of certbot are links into `archive/<name>/`, beside `live`. */
function archivesOf(root: string): readonly string[] {
  if (basename(root) === 'live') return [join(dirname(root), 'archive')];
  const live = dirname(root);
  return basename(live) === 'live' ? [join(dirname(live), 'archive', basename(root))] : [];
}

function withSeparator(folder: string): string {
  return folder.endsWith(sep) ? folder : folder + sep;
}

function reasonOf(cause: unknown): string {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM') return `permission denied (${code}): run it as root`;
  if (code === 'ENOENT') return 'there is no such file or folder';
  return code ?? String(cause);
}
