import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { isUtf8 } from 'node:buffer';
import { MAX_FILE_BYTES } from '../yaml/read-document.ts';

/** What is at the path right now. `signature` changes whenever the file may have changed. */
export type FileRead =
  | { readonly kind: 'text'; readonly text: string; readonly mtimeMs: number; readonly signature: string }
  | { readonly kind: 'refused'; readonly line: number; readonly reason: string; readonly signature: string }
  | { readonly kind: 'missing'; readonly reason: string; readonly signature: string };

/**
 * Reads the file behind `path`, through symbolic links (ConfigMaps are made of them). Synchronous on purpose: only the
 * primary does it, for at most 1 MiB, and one read is then one moment. Never throws.
 */
export function readFile(path: string): FileRead {
  let descriptor: number;
  try {
    // Without O_NONBLOCK opening a FIFO would stop the whole process until somebody writes to it.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    return { kind: 'missing', reason: reasonFor(code), signature: code };
  }
  try {
    return readOpen(descriptor);
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    return { kind: 'missing', reason: reasonFor(code), signature: code };
  } finally {
    closeSync(descriptor);
  }
}

/** An empty file is what a writer leaves between truncating and writing; so is a missing one between two renames. */
export const EMPTY_SETTLE_MS = 2_000;

/** No text but comments counts as empty: so does a file whose writer has come no further than its head. */
export function isEmptyRead(read: FileRead): boolean {
  if (read.kind !== 'text') return read.kind === 'missing';
  return read.text.split('\n').every((line) => /^\s*(?:#|$)/.test(line));
}

/** Whether somebody may be about to write: it is empty, and was not a moment ago. */
export function isBeingWritten(read: FileRead, nowMs: number): boolean {
  return read.kind === 'text' && isEmptyRead(read) && Math.abs(nowMs - read.mtimeMs) < EMPTY_SETTLE_MS;
}

/** Changes with every write, rename and swap that the file system shows. */
export function signatureOf({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string {
  return [dev, ino, size, mtimeMs, ctimeMs].join(':');
}

function readOpen(descriptor: number): FileRead {
  const stats = fstatSync(descriptor);
  const signature = signatureOf(stats);
  if (!stats.isFile()) return { kind: 'missing', reason: 'it is not a regular file', signature };
  const bytes = readAtMost(descriptor, MAX_FILE_BYTES + 1, stats.size);
  if (bytes.length > MAX_FILE_BYTES) {
    return { kind: 'refused', line: 1, reason: `it has more than ${MAX_FILE_BYTES} bytes`, signature };
  }
  const text = bytes.toString();
  if (isUtf8(bytes)) return { kind: 'text', text, mtimeMs: Math.floor(stats.mtimeMs), signature };
  const line = text.slice(0, text.indexOf('\ufffd')).split('\n').length;
  return { kind: 'refused', line, reason: 'it is not UTF-8', signature };
}

/** `size` is a first guess only: the file may grow while it is read, and some file systems say 0. */
function readAtMost(descriptor: number, maxBytes: number, size: number): Buffer {
  let buffer = Buffer.alloc(Math.min(maxBytes, size + 1));
  let length = 0;
  for (;;) {
    const count = readSync(descriptor, buffer, length, buffer.length - length, length);
    length += count;
    if (count === 0 || length === maxBytes) return buffer.subarray(0, length);
    if (length === buffer.length) buffer = Buffer.concat([buffer], Math.min(maxBytes, length * 2));
  }
}

function reasonFor(code: string): string {
  switch (code) {
    case 'ENOENT':
      return 'it does not exist';
    case 'EACCES':
    case 'EPERM':
      return 'this user may not read it';
    default:
      return `it cannot be read (${code})`;
  }
}
