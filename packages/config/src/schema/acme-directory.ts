import { z } from 'zod';
import { didYouMean } from '@dproxy/core';
import { field, readable, required, section, text, type Read } from './field.ts';

const DIRECTORY = 'letsencrypt, letsencrypt-staging, zerossl, google or the https:// URL of an ACME directory';
const NAME = 'lower-case letters, digits, "." and "-"';
const PROFILE = 'a name of letters, digits, ".", "_" and "-"';

/** Authorities that have a name here. Those with EAB give their customers a key, without which there is no account. */
export const KNOWN_AUTHORITIES = {
  letsencrypt: { url: 'https://acme-v02.api.letsencrypt.org/directory', needsEab: false },
  'letsencrypt-staging': { url: 'https://acme-staging-v02.api.letsencrypt.org/directory', needsEab: false },
  zerossl: { url: 'https://acme.zerossl.com/v2/DV90', needsEab: true },
  google: { url: 'https://dv.acme-v02.api.pki.goog/directory', needsEab: true },
} as const;

/** One authority as the file says it; empty: not said. */
export interface AuthorityEntry {
  /** Unique in all that it is used for: its account, its certificates. */
  readonly name: string;
  readonly url: string;
  readonly eab: { readonly kid: string; readonly hmacKey: string } | undefined;
  readonly profile: string;
  /** As written, relative to the file. */
  readonly caFile: string;
}

/** `acme.directory` */
export function acmeDirectory() {
  const detailed = section({
    url: required(directory(), { meaning: DIRECTORY }),
    name: field(readable(NAME, readName), {
      meaning: 'What it is called in the log, the admin API and the state folder',
      default: 'the known name, else the host of the URL',
      danger: 'with another name it gets another account, and its certificates are ordered again when they are due',
    }),
    eab: field(eab(), {
      meaning: 'External account binding, where the authority gives its customers a key: {kid, hmacKey}',
      default: 'none',
    }),
    profile: field(profileName(), {
      meaning: 'Profile of certificates, as the authority names it',
      default: 'acme.profile',
    }),
    caFile: field(text('a PEM file'), {
      meaning: "PEM file with what is trusted for the directory's own HTTPS. Relative to this file",
      default: "the system's",
    }),
  }).transform(({ url, name, eab: binding, profile = '', caFile = '' }, context): AuthorityEntry => {
    return checkEab({ name: name ?? nameOf(url), url, eab: binding, profile, caFile }, context);
  });
  const short = directory().transform((url, context): AuthorityEntry => {
    return checkEab({ name: nameOf(url), url, eab: undefined, profile: '', caFile: '' }, context);
  });
  const expected = `${DIRECTORY}, or {url, name, eab, profile, caFile}`;
  const list = z.array(z.union([short, detailed], { error: expected })).min(1, { error: `at least one: ${DIRECTORY}` });
  // One union of three, not of two in one: only so the message is about the alternative that was meant.
  return z
    .union([short, detailed, list], { error: `${expected}, or a list` })
    .transform((value): readonly AuthorityEntry[] => (Array.isArray(value) ? value : [value]));
}

/** `profile` of an authority, or of all. */
export function profileName() {
  return readable(PROFILE, (raw) => {
    return /^[A-Za-z0-9._-]{1,64}$/.test(raw) ? { value: raw } : { problem: 'not the name of a profile' };
  });
}

/** The host for an authority that nobody knows: two accounts there are told apart by `name`. */
function nameOf(url: string): string {
  const known = Object.entries(KNOWN_AUTHORITIES).find(([, authority]) => authority.url === url);
  return known?.[0] ?? new URL(url).host;
}

/** The value is a secret, so no message may quote it: what is wrong with it is said of the map around it. */
function eab() {
  return section({
    kid: required(text('the key identifier that the authority gave'), {
      meaning: 'Key identifier that the authority gave',
    }),
    hmacKey: required(text('the key in base64url'), { meaning: 'The key that came with it, in base64url' }),
  }).superRefine(({ hmacKey }, context) => {
    if (/^[A-Za-z0-9_-]{16,1024}={0,2}$/.test(hmacKey)) return;
    context.addIssue({
      code: 'custom',
      message: 'hmacKey in base64url, at least 16 characters of A-Z, a-z, 0-9, "-" and "_"',
      params: { problem: 'hmacKey is not base64url' },
    });
  });
}

function checkEab(entry: AuthorityEntry, context: z.core.$RefinementCtx): AuthorityEntry {
  const known = Object.entries(KNOWN_AUTHORITIES).find(([, authority]) => authority.url === entry.url);
  if (known === undefined || !known[1].needsEab || entry.eab !== undefined) return entry;
  context.addIssue({
    code: 'custom',
    message: `{url: ${known[0]}, eab: {kid, hmacKey}}, with the key that it gives its customers`,
    params: { problem: `${known[0]} without eab` },
    input: entry.url,
  });
  return z.NEVER;
}

function directory() {
  return readable(DIRECTORY, readDirectory);
}

function readDirectory(raw: string): Read<string> {
  if (Object.hasOwn(KNOWN_AUTHORITIES, raw))
    return { value: KNOWN_AUTHORITIES[raw as keyof typeof KNOWN_AUTHORITIES].url };
  if (/^[\w-]+$/.test(raw)) {
    const meant = didYouMean(raw, Object.keys(KNOWN_AUTHORITIES));
    return { problem: meant === undefined ? 'no known authority' : `did you mean "${meant}"?` };
  }
  if (!/^https:\/\//i.test(raw) || !URL.canParse(raw)) return { problem: 'not an https:// URL' };
  const { username, password } = new URL(raw);
  return username === '' && password === '' ? { value: raw } : { problem: 'a URL with a user name' };
}

function readName(raw: string): Read<string> {
  return /^[a-z0-9][a-z0-9.-]{0,63}$/.test(raw) ? { value: raw } : { problem: 'not a name' };
}
