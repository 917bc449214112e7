import { hash } from 'node:crypto';
import { readPasswordHash, type BasicAuthFilter } from '@dproxy/core';
import type { LabelProblem } from '../dialect.ts';
import { problem, show } from './_problems.ts';
import type { Site } from './site.ts';

const MAX_USERS = 10_000;

/** By name. */
type PasswordFiles = ReadonlyMap<string, string>;

export interface Protection {
  readonly filter: BasicAuthFilter | undefined;
  readonly problems: readonly LabelProblem[];
}

/**
 * The password file of one site: `<host>_<SHA-1 of the path>`, else `<host>`, as VIRTUAL_HOST spells it; a pattern by its SHA-1. Files
 * are looked up among those that the folder has, so that no name leads out of it.
 *
 * A file without a line that can be used lets nobody in: whoever made it wanted a password.
 */
export function protectionOf({ name, location }: Site, files: PasswordFiles): Protection {
  const isPattern = name.type === 'pattern';
  const base = isPattern ? sha1(name.text) : name.text;
  const ofPath = fileOf(files, `${base}_${sha1(location.text)}`);
  const file = ofPath ?? fileOf(files, base);
  if (file === undefined) return { filter: undefined, problems: [] };
  const host = isPattern ? 'access' : name.text;
  const { users, problems } = readUsers(file);
  const realm = ofPath === undefined ? `Restricted ${host}` : `Restricted ${base}${location.text}`;
  return {
    // nginx passes the header on to the backend.
    filter: { type: 'basicAuth', users, realm: quotable(realm), removeHeader: false, userHeader: '' },
    problems,
  };
}

interface PasswordFile {
  readonly name: string;
  readonly text: string;
}

/** Hosts are the same in any case; files are looked up as written first. */
function fileOf(files: PasswordFiles, name: string): PasswordFile | undefined {
  for (const spelling of [name, name.toLowerCase()]) {
    const text = files.get(spelling);
    if (text !== undefined) return { name: spelling, text };
  }
  return undefined;
}

function readUsers({ name: file, text }: PasswordFile): {
  readonly users: BasicAuthFilter['users'];
  readonly problems: readonly LabelProblem[];
} {
  const users: (readonly [string, string])[] = [];
  const refused: number[] = [];
  for (const [index, line] of text.split(/\r?\n/, MAX_USERS).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    // nginx ignores what follows a second colon.
    const [user = '', hashed = ''] = line.split(':', 3);
    if (user !== '' && 'hash' in readPasswordHash(hashed.trim())) users.push([user, hashed.trim()]);
    else refused.push(index + 1);
  }
  if (refused.length === 0) return { users, problems: [] };
  const lines = `${refused.length === 1 ? 'line' : 'lines'} ${refused.slice(0, 10).join(', ')}`;
  const expected = '`htpasswd -B` (bcrypt), `htpasswd -m` (MD5) or `htpasswd -s` (SHA-1) for each user';
  return {
    users,
    problems: [problem(`the htpasswd file ${show(file)}, ${lines}: no password hash that dproxy knows`, expected)],
  };
}

/** A quoted string of a header (RFC 9110 section 5.6.4): no quotes, no backslash, ASCII. */
function quotable(text: string): string {
  return text.replaceAll(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '?').slice(0, 300);
}

function sha1(text: string): string {
  return hash('sha1', text);
}
