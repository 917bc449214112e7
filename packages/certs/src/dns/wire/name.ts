import { MalformedMessage } from './malformed-message.ts';

/** RFC 1035 section 2.3.4. */
const MAX_NAME_BYTES = 255;
const MAX_LABEL_BYTES = 63;

/**
 * Uncompressed, in lower case (RFC 4034 section 6.2 has that canonical form, which TSIG signs, too). Final dot optional.
 * @throws RangeError for a name that DNS cannot have
 */
export function encodeName(name: string): Buffer {
  const trimmed = name.endsWith('.') ? name.slice(0, -1) : name;
  const labels = trimmed === '' ? [] : trimmed.toLowerCase().split('.');
  const parts = labels.map((label) => {
    const bytes = Buffer.from(label, 'latin1');
    if (bytes.length === 0 || bytes.length > MAX_LABEL_BYTES) throw new RangeError(`${name} is no DNS name`);
    return Buffer.concat([Buffer.of(bytes.length), bytes]);
  });
  const bytes = Buffer.concat([...parts, Buffer.of(0)]);
  if (bytes.length > MAX_NAME_BYTES) throw new RangeError(`${name} is longer than a DNS name can be`);
  return bytes;
}

/**
 * In lower case, without final dot; the root is empty. Bytes that host names do not have are written `\ddd`, so that a dot
 * inside a label is not taken for one between labels.
 * @throws MalformedMessage
 */
export function decodeName(bytes: Buffer, offset: number): { name: string; next: number } {
  const labels: string[] = [];
  let at = offset;
  let next = -1;
  let total = 1;
  for (;;) {
    const length = bytes[at];
    if (length === undefined) throw new MalformedMessage('a name is cut off');
    if (length === 0) return { name: labels.join('.'), next: next === -1 ? at + 1 : next };
    if ((length & 0xc0) === 0xc0) {
      const low = bytes[at + 1];
      if (low === undefined) throw new MalformedMessage('a name is cut off');
      const target = ((length & 0x3f) << 8) | low;
      // Only backwards (RFC 1035 section 4.1.4), which also ends every loop.
      if (target >= at) throw new MalformedMessage('a name points forwards');
      if (next === -1) next = at + 2;
      at = target;
      continue;
    }
    if (length > MAX_LABEL_BYTES) throw new MalformedMessage('a label has an unknown form');
    total += length + 1;
    if (total > MAX_NAME_BYTES) throw new MalformedMessage('a name is longer than 255 bytes');
    if (at + 1 + length > bytes.length) throw new MalformedMessage('a name is cut off');
    labels.push(printable(bytes.subarray(at + 1, at + 1 + length)));
    at += 1 + length;
  }
}

function printable(label: Buffer): string {
  return label
    .toString('latin1')
    .toLowerCase()
    .replaceAll(/[^a-z0-9_*-]/g, (character) => `\\${character.charCodeAt(0).toString().padStart(3, '0')}`);
}

/** `a.b.c`, `b.c`, `c`: longest first. */
export function suffixesOf(name: string): string[] {
  const labels = name.split('.');
  return labels.map((_, index) => labels.slice(index).join('.'));
}

export function parentOf(name: string): string {
  const dot = name.indexOf('.');
  return dot === -1 ? '' : name.slice(dot + 1);
}

export function isWithin(name: string, suffix: string): boolean {
  return name === suffix || suffix === '' || name.endsWith(`.${suffix}`);
}
