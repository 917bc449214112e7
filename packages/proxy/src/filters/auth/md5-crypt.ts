import { createHash } from 'node:crypto';

const ROUNDS = 1_000;
const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** Which bytes of the digest are written together, 24 bits at a time; the last one alone. */
const ORDER = [
  [0, 6, 12],
  [1, 7, 13],
  [2, 8, 14],
  [3, 9, 15],
  [4, 10, 5],
] as const;

/**
 * MD5 crypt, the `$1$` of BSD that Apache writes as `$apr1$`: a thousand rounds in which password, salt and the digest so far
 * alternate by the remainders of 2, 3 and 7.
 *
 * @returns the 22 characters behind the salt
 */
export function md5Crypt(password: Buffer, salt: string, magic: '$apr1$' | '$1$'): string {
  const salted = Buffer.from(salt, 'latin1');
  let digest = firstDigest(password, salted, magic);
  for (let round = 0; round < ROUNDS; round++) {
    const parts = [round % 2 === 1 ? password : digest];
    if (round % 3 !== 0) parts.push(salted);
    if (round % 7 !== 0) parts.push(password);
    parts.push(round % 2 === 1 ? digest : password);
    digest = md5(parts);
  }
  return encode(digest);
}

function firstDigest(password: Buffer, salt: Buffer, magic: string): Buffer {
  const inner = md5([password, salt, password]);
  const parts = [password, Buffer.from(magic), salt];
  for (let left = password.length; left > 0; left -= inner.length) parts.push(inner.subarray(0, left));
  // One byte for each bit of the length: NUL for a one, the first byte of the password for a zero.
  const zero = Buffer.alloc(1);
  for (let bits = password.length; bits > 0; bits >>= 1) parts.push((bits & 1) === 1 ? zero : password.subarray(0, 1));
  return md5(parts);
}

function md5(parts: readonly Buffer[]): Buffer {
  return createHash('md5').update(Buffer.concat(parts)).digest();
}

function encode(digest: Buffer): string {
  const byte = (index: number): number => digest[index] ?? 0;
  const groups = ORDER.map(([a, b, c]) => base64((byte(a) << 16) | (byte(b) << 8) | byte(c), 4));
  return groups.join('') + base64(byte(11), 2);
}

/** The lowest six bits first. */
function base64(value: number, length: number): string {
  let text = '';
  for (let place = 0; place < length; place++) text += ALPHABET.charAt((value >> (place * 6)) & 63);
  return text;
}
