import { hash, timingSafeEqual } from 'node:crypto';
import { readPasswordHash, type PasswordHash } from '@dproxy/core';
import { truncates } from 'bcryptjs';

/** @throws RangeError that does not show the hash */
export function parsePasswordHash(text: string): PasswordHash {
  const read = readPasswordHash(text);
  if ('hash' in read) return read.hash;
  throw new RangeError(`found ${read.problem}, expected $2y$, $apr1$ or {SHA}`);
}

/** As some servers do it: bcrypt would let in everybody who knows the first 72 bytes. */
export function isTooLong(password: string): boolean {
  return truncates(password);
}

/** Microseconds of work: it is checked where the request is, not in the thread. */
export function isSha1(password: string, digest: string): boolean {
  return timingSafeEqual(hash('sha1', password, 'buffer'), Buffer.from(digest, 'base64'));
}
