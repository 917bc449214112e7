import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PageOverride, Rejection } from '@dproxy/core';
import { isPageName, isThemeFile, themeFault } from '@dproxy/proxy';

export interface PagesFolder {
  readonly pages: readonly PageOverride[];
  readonly rejected: readonly Rejection[];
}

/** A page travels to every worker and is kept there in memory. */
const MAX_BYTES = 262_144;
const EXPECTED = 'files such as 503.html, 404.json, default.txt or wake.html, of at most 256 KiB each';
const EXPECTED_THEME = 'a waiting page as docs/waiting-page.md describes it; the default theme takes its place';

/** Reads the replacements for pages that dproxy answers itself; a file that is none is a rejection. No folder: none. */
export async function readPagesFolder(folder: string): Promise<PagesFolder> {
  if (folder === '') return { pages: [], rejected: [] };
  let names: string[];
  try {
    names = (await readdir(folder)).sort();
  } catch (error) {
    return { pages: [], rejected: [reject(folder, `cannot be read: ${(error as Error).message}`)] };
  }
  const read = await Promise.all(names.filter((name) => !name.startsWith('.')).map((name) => readPage(folder, name)));
  return {
    pages: read.filter((result): result is PageOverride => 'id' in result),
    rejected: read.filter((result): result is Rejection => 'expected' in result),
  };
}

async function readPage(folder: string, name: string): Promise<PageOverride | Rejection> {
  const path = join(folder, name);
  if (!isPageName(name) && !isThemeFile(name)) return reject(path, 'its name is not that of a page');
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) return reject(path, `it has ${size} bytes`);
    const content = await readFile(path, 'utf8');
    const fault = isThemeFile(name) ? themeFault(content) : undefined;
    return fault === undefined ? { id: name, content } : reject(path, fault, EXPECTED_THEME);
  } catch (error) {
    return reject(path, `cannot be read: ${(error as Error).message}`);
  }
}

function reject(source: string, message: string, expected = EXPECTED): Rejection {
  return { source, line: 0, column: 0, message, expected };
}
