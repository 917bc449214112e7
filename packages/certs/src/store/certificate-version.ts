import { isIP } from 'node:net';
import { join } from 'node:path';
import { canonicalAddress } from '@dproxy/core';
import { inspectPair } from '../certificate-pair.ts';
import type { IssuedCertificate, StoredCertificate } from '../ports.ts';
import type { Disk } from './disk.ts';
import { FileRefused, type PrivateFileOptions, readPrivateFile } from './private-file.ts';

/** The files of one version, in the order in which they are written: the certificate comes last, as what is worth having. */
const KEY = 'key.pem';
const META = 'meta.json';
const CHAIN = 'chain.pem';

/** A chain of ten certificates is below 40 KiB; a hundred names are below 26 KiB. */
export const MAX_VERSION_FILE_BYTES = 262_144;

/**
 * What will be stored: checked, in one format, with the names in the order of the request.
 * @throws PairError when certificate and key do not belong together
 */
export function checkCertificate(certificate: IssuedCertificate): StoredCertificate {
  const { leaf, material, names, addresses } = inspectPair(certificate.certificatePem, certificate.keyPem);
  const covered = new Set([...names, ...addresses]);
  const wanted = certificate.names.map(canonicalName);
  const missing = wanted.filter((name) => !covered.has(name));
  if (missing.length > 0) throw new Error(`the certificate does not name ${missing.join(', ')}`);
  return {
    id: material.id,
    names: [...new Set([...wanted, ...covered])],
    authority: certificate.authority,
    certificatePem: material.certificatePem,
    keyPem: material.keyPem,
    notBeforeMs: leaf.validFromDate.getTime(),
    notAfterMs: leaf.validToDate.getTime(),
  };
}

/** `2001:DB8:0::1` and `A.test` as certificates are read here. */
export function canonicalName(name: string): string {
  return isIP(name) === 0 ? name.toLowerCase() : (canonicalAddress(name) ?? name);
}

/** Puts all files into an empty folder; each one's content is durable, their names are not yet. */
export async function writeVersion(
  disk: Disk,
  folder: string,
  certificate: StoredCertificate,
  names: readonly string[],
): Promise<void> {
  const meta = { names, authority: certificate.authority, id: certificate.id };
  await disk.writeNew(join(folder, KEY), certificate.keyPem);
  await disk.writeNew(join(folder, META), `${JSON.stringify(meta)}\n`);
  await disk.writeNew(join(folder, CHAIN), certificate.certificatePem);
}

/**
 * Reads one version with all checks but the dates.
 * @throws Error (PairError, FileRefused, of the file system) when it cannot be used
 */
export async function readVersion(folder: string, options: PrivateFileOptions): Promise<StoredCertificate> {
  const keyPem = await readPrivateFile(join(folder, KEY), options);
  const meta = parseMeta(await readPrivateFile(join(folder, META), options), folder);
  const certificatePem = await readPrivateFile(join(folder, CHAIN), options);
  const stored = checkCertificate({ ...meta, certificatePem, keyPem });
  if (stored.id !== meta.id) throw new FileRefused('chain.pem is of another certificate than meta.json says', '');
  return stored;
}

/** Changes when somebody touches a file of the version; what has not changed is not read again. */
export async function stampOf(disk: Disk, folder: string): Promise<string> {
  const files = await Promise.all([KEY, META, CHAIN].map((name) => disk.calls.lstat(join(folder, name))));
  return files.map(({ ino, size, mtimeMs, ctimeMs }) => `${ino}:${size}:${mtimeMs}:${ctimeMs}`).join(' ');
}

function parseMeta(text: string, folder: string): { names: string[]; authority: string; id: string } {
  const { names, authority, id } = (JSON.parse(text) ?? {}) as Partial<Record<string, unknown>>;
  const isWhole =
    Array.isArray(names) &&
    names.every((name) => typeof name === 'string') &&
    typeof authority === 'string' &&
    typeof id === 'string';
  if (!isWhole) throw new FileRefused('meta.json does not say names, authority and id', `remove ${folder}`);
  return { names, authority, id };
}
