import { readable, type Read } from '../field.ts';

const PATH = 'a path that starts with "/", without "?", "#" and spaces';

/** A path as it goes to a backend, or the beginning of one. It is compared and written as it stands here. */
export function targetPath() {
  return readable(PATH, readTargetPath);
}

function readTargetPath(raw: string): Read<string> {
  if (!raw.startsWith('/')) return { problem: 'it does not start with "/"' };
  if (raw.startsWith('//')) return { problem: 'a second "/" makes the name of a host of what follows' };
  return /^[!$-.0-~]*$/.test(raw.replaceAll('/', '')) && !/[?#\\]/.test(raw)
    ? { value: raw }
    : { problem: 'it has a character that no path has; others than ASCII are written as %XX' };
}
