import type { Rejection } from '@dproxy/core';
import { parseFile, refusedFile } from '../file/parse-file.ts';
import type { ParsedFile } from '../file/parsed-file.ts';
import { readFile, type FileRead } from './read-file.ts';

/** For `dproxy validate`: everything that is wrong with the file, in the order of lines; empty when it is fine. */
export function validateFile(path: string): readonly Rejection[] {
  return toParsedFile(path, readFile(path), 0).rejected;
}

/** An entry has been there at least since the file was last written, which is the same after a restart. */
export function toParsedFile(path: string, read: FileRead, nowMs: number): ParsedFile {
  if (read.kind === 'text') return parseFile({ path, text: read.text, seenMs: Math.min(read.mtimeMs, nowMs) });
  const line = read.kind === 'refused' ? read.line : 0;
  return refusedFile(path, {
    source: path,
    line,
    column: line === 0 ? 0 : 1,
    message: `the file is not used: ${read.reason}`,
    expected: 'a regular file of at most 1 MiB, in UTF-8, that this user can read',
  });
}
