import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** The two files of a certificate. `content` is undefined where a file is missing. */
export interface PairFiles {
  /** File name without `.crt`, or the folder's name: what a person calls this pair. */
  readonly name: string;
  readonly certificate: PairFile;
  readonly key: PairFile;
}

export interface PairFile {
  readonly path: string;
  readonly content: string | undefined;
  /** Why `content` is missing although the file is there; empty otherwise. */
  readonly problem: string;
  /** Permission bits; 0 when missing. */
  readonly mode: number;
}

export interface Scan {
  readonly pairs: readonly PairFiles[];
  /** Folders that hold something that could change: the directory itself and the pairs' folders. */
  readonly folders: readonly string[];
}

/** A chain of ten certificates is below 40 KiB. */
const MAX_FILE_BYTES = 262_144;
/** One pair per host of a large installation; more is a wrong directory, such as `/`. */
const MAX_ENTRIES = 20_000;

/**
 * Reads `<name>.crt` + `<name>.key` and `<folder>/fullchain.pem` + `<folder>/privkey.pem` of a directory. Links are
 * followed, because `live/` of an ACME client and mounted secrets consist of them.
 * @throws Error when the directory cannot be listed.
 */
export async function scanDirectory(directory: string): Promise<Scan> {
  const entries = await readdir(directory);
  if (entries.length > MAX_ENTRIES) throw new Error(`${entries.length} entries; expected at most ${MAX_ENTRIES}`);
  const folders: string[] = [];
  const pairs: PairFiles[] = [];
  const names = new Set<string>();
  for (const entry of entries.toSorted()) {
    if (entry.startsWith('.')) continue;
    const name = /^(.+)\.(?:crt|key)$/.exec(entry)?.[1];
    if (name !== undefined) names.add(name);
    else if (await isFolder(join(directory, entry))) folders.push(entry);
  }
  for (const name of names) {
    pairs.push(await readFiles(name, join(directory, `${name}.crt`), join(directory, `${name}.key`)));
  }
  for (const name of folders) {
    const folder = join(directory, name);
    const pair = await readFiles(name, join(folder, 'fullchain.pem'), join(folder, 'privkey.pem'));
    if (isThere(pair.certificate) || isThere(pair.key)) pairs.push(pair);
  }
  return { pairs, folders: [directory, ...folders.map((name) => join(directory, name))] };
}

function isThere(file: PairFile): boolean {
  return file.content !== undefined || file.problem !== '';
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    // A dangling link, or an entry that went away since it was listed: nothing to read either way.
    if (isMissing(cause)) return false;
    throw cause;
  }
}

async function readFiles(name: string, certificatePath: string, keyPath: string): Promise<PairFiles> {
  const [certificate, key] = await Promise.all([readPairFile(certificatePath), readPairFile(keyPath)]);
  return { name, certificate, key };
}

async function readPairFile(path: string): Promise<PairFile> {
  try {
    const { size, mode } = await stat(path);
    const permissions = mode & 0o777;
    if (size > MAX_FILE_BYTES) {
      return { path, content: undefined, problem: `${size} bytes, more than ${MAX_FILE_BYTES}`, mode: permissions };
    }
    return { path, content: await readFile(path, 'latin1'), problem: '', mode: permissions };
  } catch (cause) {
    if (isMissing(cause)) return { path, content: undefined, problem: '', mode: 0 };
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    return { path, content: undefined, problem: `the file cannot be read: ${reason}`, mode: 0 };
  }
}

function isMissing(cause: unknown): boolean {
  const { code } = cause as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP';
}
