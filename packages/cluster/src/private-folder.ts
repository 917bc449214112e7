import { chmod, lstat, mkdir } from 'node:fs/promises';

const STICKY = 0o1000;

/**
 * A folder that only its owner can enter, and that owner is us: the socket in it carries private keys. A folder that
 * somebody else made before us (a known name under /tmp), a link, or a shared folder is refused.
 */
export async function ensurePrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const found = await lstat(path);
  if (!found.isDirectory()) throw new Error(`${path}: found a link or a file, expected a folder of our own`);
  const uid = process.getuid?.() ?? found.uid;
  if (found.uid !== uid) throw new Error(`${path}: belongs to uid ${found.uid}, expected ${uid}`);
  if ((found.mode & STICKY) !== 0) throw new Error(`${path}: found a shared folder, expected one of our own`);
  if ((found.mode & 0o077) !== 0) await chmod(path, 0o700);
}
