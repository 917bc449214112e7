import { z } from 'zod';
import { readPasswordHash, type BasicAuthFilter } from '@dproxy/core';
import { field, flag, required, section, text } from '../field.ts';
import { headerName } from '../header-rules.ts';
import { draftOf, type FilterDraft } from './filter-draft.ts';

const PASSWORD_HASH = 'a hash as htpasswd writes it: bcrypt ($2y$...), MD5 ($apr1$...) or {SHA}...';
const USERS = `a map of names to hashes, or a list of name:hash, each ${PASSWORD_HASH}`;
const MAX_USERS = 1_000;
/** RFC 7617 section 2: no colon, no control characters. */
const NAME = /^[^:\p{Cc}]{1,128}$/u;

type User = BasicAuthFilter['users'][number];

/** `basicAuth` */
export function basicAuth() {
  return section({
    users: required(users(), {
      meaning: `Who may come in: names to hashes, as htpasswd -nB makes them (bcrypt, $apr1$ or {SHA}), or a list of name:hash`,
      danger: 'whoever reads this file can try passwords at home; bcrypt makes that slow, the others do not',
    }),
    realm: field(realm(), { meaning: 'What the browser shows when it asks', default: 'dproxy' }),
    removeHeader: field(flag(), {
      meaning: 'Whether the backend does not get to see the password',
      default: 'true',
    }),
    userHeader: field(headerName(), {
      meaning: 'Header in which the backend is told the name of the user; whatever the client sent in it is removed',
      default: 'none',
    }),
  }).transform((value): FilterDraft =>
    draftOf({
      type: 'basicAuth',
      users: value.users,
      realm: value.realm ?? 'dproxy',
      removeHeader: value.removeHeader ?? true,
      userHeader: value.userHeader ?? '',
    }),
  );
}

/** Issues stand at the whole, and say names only: what is wrong with a hash may be that it is the password. */
function users() {
  const lines = z.array(z.string()).transform((list) => list.map(splitLine));
  const map = z.record(z.string(), z.string()).transform((record) => Object.entries(record));
  return z.union([map, lines], { error: USERS }).transform((list, context): readonly User[] => {
    const problem = list.length === 0 ? 'nobody' : problemOf(list);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: USERS, params: { problem } });
    return list;
  });
}

function problemOf(list: readonly User[]): string | undefined {
  if (list.length > MAX_USERS) return `more than ${MAX_USERS} users`;
  const seen = new Set<string>();
  for (const [index, [name, hash]] of list.entries()) {
    if (!NAME.test(name)) return `user ${index + 1}: not a name`;
    if (seen.has(name)) return `${name}: twice`;
    seen.add(name);
    const read = readPasswordHash(hash);
    if ('problem' in read) return `${name}: ${read.problem}`;
  }
  return undefined;
}

function splitLine(line: string): [string, string] {
  const colon = line.indexOf(':');
  return colon === -1 ? ['', ''] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
}

function realm() {
  const expected = 'a text of one line in ASCII, without quotes';
  return text(expected, 128).refine((value) => /^[\x20-\x7e]*$/.test(value) && !/["\\]/.test(value), {
    error: expected,
  });
}
