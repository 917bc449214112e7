/**
 * 32 bits of a text: FNV-1a, finished as MurmurHash3 does. The same in every process, as workers (and hosts) must choose alike:
 * so it is no defence, and whoever may choose the key may choose the backend.
 */
export function hashKey(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return mix(hash);
}

/** Every bit of the result depends on every bit of the number. */
export function mix(number: number): number {
  let hash = number;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
