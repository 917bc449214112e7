import { canonicalFieldName, readPasswordHash, refusedAddress } from '@dproxy/core';
import type { Section } from '../section.ts';
import { effectOf, NOTHING, type Effect } from './effect.ts';
import { checkPattern, readCidrs, readFieldName, readFieldNames, readIpStrategy } from './values.ts';

/** Who may pass. */

const MAX_USERS = 256;

export function basicAuth(section: Section): Effect {
  const users = readUsers(section);
  const realm = section.text('realm') ?? '';
  if (section.text('usersfile') !== undefined) {
    section.refuse(
      'usersfile',
      'the users inline (basicauth.users), or filters: [{ basicAuth: ... }] of a route in dproxy.yml',
    );
  } else if (users.length === 0 && !section.report.hasFailed) {
    section.refuse(
      'users',
      'name:hash as htpasswd writes it, separated by commas; in a compose file with $$ for each $',
    );
  }
  if (!/^[\x20\x21\x23-\x5b\x5d-\x7e]{0,128}$/.test(realm))
    section.refuse('realm', 'a text without quotes and backslashes');
  return effectOf({
    type: 'basicAuth',
    users,
    realm: realm === '' ? 'traefik' : realm,
    removeHeader: section.flag('removeheader') ?? false,
    userHeader: readOptionalName(section, 'headerfield'),
  });
}

function readUsers(section: Section): readonly (readonly [string, string])[] {
  const users: (readonly [string, string])[] = [];
  for (const entry of section.list('users') ?? []) {
    const colon = entry.indexOf(':');
    const [name, hash] = [entry.slice(0, colon), entry.slice(colon + 1)];
    if (colon > 0 && 'hash' in readPasswordHash(hash)) users.push([name, hash]);
    else {
      section.refuse(
        'users',
        'name:hash with a hash of bcrypt, MD5 ($apr1$) or {SHA}; in a compose file with $$ for each $',
        true,
      );
      break;
    }
  }
  if (users.length > MAX_USERS) section.refuse('users', `at most ${MAX_USERS} users`, true);
  return users;
}

export function digestAuth(section: Section): Effect {
  for (const key of ['users', 'usersfile', 'realm', 'headerfield', 'removeheader']) section.text(key);
  section.report.refuse(
    `${section.label('')}: digest authentication needs passwords that are no better than plain ones, and browsers give it up`,
    'basicauth over HTTPS, or forwardauth',
  );
  return NOTHING;
}

export function ipAllowList(section: Section): Effect {
  const ranges = readCidrs(section, 'sourcerange');
  const by = readIpStrategy(section);
  const status = section.integer('rejectstatuscode', 0, 599) ?? 0;
  if (ranges.length === 0 && !section.report.hasFailed) {
    section.refuse('sourcerange', 'addresses or networks such as 192.0.2.0/24, separated by commas');
  }
  if (status !== 0 && status < 300) section.refuse('rejectstatuscode', 'a status from 300 to 599');
  return effectOf({ type: 'allowClients', ranges, by, status: status === 0 ? 403 : status });
}

export function forwardAuth(section: Section): Effect {
  const url = section.text('address')?.trim() ?? '';
  if (!isUrl(url)) section.refuse('address', 'an http:// or https:// URL without a password in it', true);
  const pattern = section.text('authresponseheadersregex') ?? '';
  if (pattern !== '') checkPattern(section, 'authresponseheadersregex', pattern);
  const maxBody = section.integer('maxbodysize', -1, 1_073_741_824) ?? -1;
  const withBody = section.flag('forwardbody') ?? false;
  if (withBody && maxBody < 0) {
    section.refuse('forwardbody', 'maxbodysize beside it: how many bytes of a body are held for the check');
  }
  readUnsupportedOfForwardAuth(section);
  return effectOf({
    type: 'forwardAuth',
    url,
    trustForwarded: section.flag('trustforwardheader') ?? false,
    requestHeaders: readFieldNames(section, 'authrequestheaders'),
    responseHeaders: readFieldNames(section, 'authresponseheaders'),
    responseHeadersPattern: pattern,
    cookies: readCookieNames(section),
    userHeader: readOptionalName(section, 'headerfield'),
    maxBodyBytes: withBody ? maxBody : -1,
    preserveMethod: section.flag('preserverequestmethod') ?? false,
    preserveLocation: section.flag('preservelocationheader') ?? false,
    tlsVerify: !readTls(section),
    timeoutMs: 30_000,
  });
}

function readUnsupportedOfForwardAuth(section: Section): void {
  // Answers of the service are bounded anyway.
  section.integer('maxresponsebodysize', -1, Number.MAX_SAFE_INTEGER);
  if ((section.text('authsigninurl') ?? '') !== '') {
    section.refuse('authsigninurl', 'an authentication service that redirects by itself');
  }
}

function readCookieNames(section: Section): readonly string[] {
  const names = section.list('addauthcookiestoresponse') ?? [];
  if (names.some((name) => !/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/.test(name))) {
    section.refuse('addauthcookiestoresponse', 'names of cookies, separated by commas');
  }
  return names;
}

/** True when its certificate is not verified. */
function readTls(section: Section): boolean {
  const tls = section.sub('tls');
  if (tls === undefined) return false;
  const isInsecure = tls.flag('insecureskipverify') ?? false;
  tls.text('caoptional');
  for (const key of ['ca', 'cert', 'key']) {
    if (tls.text(key) !== undefined)
      tls.refuse(key, 'forwardAuth of a route in dproxy.yml: labels name no files', true);
  }
  tls.finish();
  return isInsecure;
}

function isUrl(text: string): boolean {
  if (!/^https?:\/\/[\x21-\x7e]{1,2048}$/i.test(text) || !URL.canParse(text)) return false;
  const { username, password, hostname } = new URL(text);
  const address = hostname.replace(/^\[|\]$/g, '');
  // Whoever writes a label must not reach what only this machine may: the metadata service of a cloud (threats: SSRF by label).
  return username === '' && password === '' && refusedAddress(address, 0, []) === undefined;
}

function readOptionalName(section: Section, key: string): string {
  const raw = section.text(key)?.trim() ?? '';
  return raw === '' ? '' : (canonicalFieldName(raw) ?? readFieldName(section, key, raw));
}
