import { withoutPadding } from './bytes.ts';

/** What the options of all `Connection` lines of one message say (RFC 9110 section 7.6.1). */
export interface ConnectionOptions {
  readonly close: boolean;
  readonly keepAlive: boolean;
  readonly upgrade: boolean;
  /** Other options: names of fields, lower case, that belong to this connection only. Without protected names. */
  readonly named: readonly string[];
}

const NONE: readonly string[] = [];
const ABSENT: ConnectionOptions = { close: false, keepAlive: false, upgrade: false, named: NONE };
const CLOSE: ConnectionOptions = { close: true, keepAlive: false, upgrade: false, named: NONE };
const KEEP_ALIVE: ConnectionOptions = { close: false, keepAlive: true, upgrade: false, named: NONE };
const UPGRADE: ConnectionOptions = { close: false, keepAlive: false, upgrade: true, named: NONE };

/** What clients really send; no list is split for these. */
const USUAL: ReadonlyMap<string, ConnectionOptions> = new Map([
  ['', ABSENT],
  ['close', CLOSE],
  ['Close', CLOSE],
  ['keep-alive', KEEP_ALIVE],
  ['Keep-Alive', KEEP_ALIVE],
  ['upgrade', UPGRADE],
  ['Upgrade', UPGRADE],
]);

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** More options than any client has use for. */
const MAX_OPTIONS = 32;

/**
 * Fields that `Connection` may not name. A client that could have a proxy drop them would undo what a proxy before us
 * has written (CVE-2024-45410, CVE-2021-32813), or change what the message means. Such an option is ignored, and the field
 * goes the way that it would have gone without it.
 */
const PROTECTED = new Set([
  'host',
  'authorization',
  'cookie',
  'set-cookie',
  'origin',
  'forwarded',
  'via',
  'date',
  'range',
]);
const PROTECTED_PREFIX = /^(?:content-|x-forwarded|x-real-ip|x-debug|sec-|if-|access-control-|cache-control|www-auth)/;

/** @returns undefined when the value is not a list of tokens */
export function connectionOptions(value: string): ConnectionOptions | undefined {
  return USUAL.get(value) ?? parse(value);
}

function parse(value: string): ConnectionOptions | undefined {
  const options = value.toLowerCase().split(',', MAX_OPTIONS + 1);
  if (options.length > MAX_OPTIONS) return undefined;
  let close = false;
  let keepAlive = false;
  let upgrade = false;
  const named: string[] = [];
  for (const padded of options) {
    const option = withoutPadding(padded);
    if (option === '') continue;
    if (!TOKEN.test(option)) return undefined;
    if (option === 'close') close = true;
    else if (option === 'keep-alive') keepAlive = true;
    else if (option === 'upgrade') upgrade = true;
    else if (!PROTECTED.has(option) && !PROTECTED_PREFIX.test(option)) named.push(option);
  }
  return { close, keepAlive, upgrade, named };
}
