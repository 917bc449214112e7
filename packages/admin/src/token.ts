import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmod, link, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A longer file is not a token. */
const MAX_TOKEN_BYTES = 4_096;

/**
 * The token in `path` (`<state>/api.token`, mode 0600); a random one of 256 bits is written there first when there is
 * none. Who comes second takes what the first one wrote.
 * @throws Error when the file cannot be read or written, or holds no token.
 */
export async function ensureToken(path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const present = await readToken(path);
  if (present !== undefined) return present;
  await writeOnce(path, `${randomBytes(32).toString('base64url')}\n`);
  const written = await readToken(path);
  if (written === undefined) throw new Error(`${path} went away while it was written`);
  return written;
}

/**
 * What the command line reads; undefined when there is no file yet.
 * @throws Error when the file cannot be read or holds no token.
 */
export async function readToken(path: string): Promise<string | undefined> {
  let content: string;
  try {
    const { mode, size } = await stat(path);
    if (size > MAX_TOKEN_BYTES) throw new Error(`${path} has ${size} bytes; expected a token on one line`);
    // Whoever can read it can stop every site; it is our own file, so it is closed rather than refused.
    if ((mode & 0o077) !== 0) await chmod(path, 0o600);
    content = (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw cause;
  }
  if (!/^[\x21-\x7e]+$/.test(content)) {
    throw new Error(`${path} holds no token; expected one line without spaces. Remove it to have a new one made`);
  }
  return content;
}

/** Written aside, synced and linked into place: a reader never sees half a token, and the first of two writers wins. */
async function writeOnce(path: string, content: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(temporary, path);
  } catch (cause) {
    // File systems without links (FAT, some mounts of desktop machines) leave the race to the lock of the state folder.
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Compares hashes in constant time: neither the length nor the place of the first difference can be measured. */
export function isSameToken(given: string, expected: string): boolean {
  return expected !== '' && timingSafeEqual(digest(given), digest(expected));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
