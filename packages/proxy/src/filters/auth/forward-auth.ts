import {
  type AddressPolicy,
  compileAddressPolicy,
  compilePattern,
  type ForwardAuthFilter,
  isLoopbackAddress,
  type Pattern,
  ProxyError,
  type Route,
} from '@dproxy/core';
import {
  fieldNames,
  fieldValues,
  headerLine,
  isForwardingField,
  isCodecOwned,
  plainFieldName,
  withoutFields,
  withoutTaken,
} from '../../http1/index.ts';
import type { Page } from '../../pages/index.ts';
import type { CompiledFilter, Rehearsed, Verdict } from '../compiled-filter.ts';
import { fieldChange } from '../field-changes.ts';
import type { FilterContext } from '../filter-context.ts';
import type { FilteredRequest } from '../filtered-request.ts';
import { type AuthAnswer, type AuthQuestion, refusedUrl } from './auth-server.ts';

const DEFAULT_TIMEOUT_MS = 30_000;
/** It is held in memory until the backend has it; a label could ask for gigabytes. */
const MAX_BODY_BYTES = 1_048_576;

/**
 * Asks another server whether the request may pass: 2xx lets it, anything else is the answer. Without an answer nobody passes.
 *
 * What it answers in `responseHeaders` the backend believes. So these fields of the client's are taken out first, in every spelling
 * that a backend could take for them (`X_Auth_User`: the hole of Traefik's ForwardAuth, 2026), also when the answer has none.
 *
 * @throws RangeError, PatternError
 */
export function compileForwardAuth(filter: ForwardAuthFilter, { route }: FilterContext): CompiledFilter {
  return new ForwardAuth(filter, route);
}

class ForwardAuth implements CompiledFilter {
  readonly type = 'forwardAuth';
  readonly #filter: ForwardAuthFilter;
  readonly #url: URL;
  /** Lower case. */
  readonly #copied: readonly string[];
  readonly #copiedPattern: Pattern | undefined;
  readonly #asked: ReadonlySet<string>;
  readonly #cookies: ReadonlySet<string>;
  readonly #isFromContainer: boolean;
  readonly #isFromEngine: boolean;

  constructor(filter: ForwardAuthFilter, { origins }: Pick<Route, 'origins'>) {
    this.#filter = filter;
    this.#url = urlOf(filter);
    const copied = filter.userHeader === '' ? filter.responseHeaders : [...filter.responseHeaders, filter.userHeader];
    this.#copied = [...new Set(copied.map(checkedName))].filter((name) => name !== 'host');
    this.#copiedPattern =
      filter.responseHeadersPattern === '' ? undefined : compilePattern(filter.responseHeadersPattern);
    this.#asked = new Set(filter.requestHeaders.map((name) => name.toLowerCase()));
    this.#cookies = new Set(filter.cookies);
    this.#isFromContainer = origins.some(({ source }) => !source.startsWith('file:'));
    this.#isFromEngine = origins.some(({ source }) => source.startsWith('docker:'));
  }

  async onRequest(request: FilteredRequest): Promise<Verdict> {
    const refuse = this.#isFromContainer ? this.#policy(request) : undefined;
    const refused = refuse === undefined ? undefined : refusedUrl(this.#url, refuse);
    if (refused !== undefined) throw new ProxyError('access-unchecked', `${this.#url.host}: ${refused}`);
    const ends = new AbortController();
    request.onEnd(() => ends.abort());
    const { maxBodyBytes } = this.#filter;
    const body = maxBodyBytes < 0 ? undefined : await request.readBody(Math.min(maxBodyBytes, MAX_BODY_BYTES));
    const question = this.#question(request, body, refuse);
    const answer = await request.services.authServers.ask(question, ends.signal);
    if (answer.status < 200 || answer.status > 299) return this.#pageOf(answer);
    this.#tellBackend(request, answer);
    this.#tellClient(request, answer);
    return undefined;
  }

  /** A cookie that the server sets anew is not the backend's to set. */
  onResponse({ responseFields }: FilteredRequest, _status: number, fields: string): void {
    if (this.#cookies.size === 0) return;
    const own = fieldValues(fields, 'set-cookie');
    const kept = own.filter((value) => !this.#cookies.has(cookieName(value)));
    if (kept.length === own.length) return;
    responseFields.keepOnly('set-cookie', kept.map((value) => headerLine('set-cookie', value)).join(''));
  }

  rehearse(): Rehearsed {
    const { origin, pathname } = this.#url;
    return { detail: `would ask ${origin}${pathname}, whose answer is taken as yes here` };
  }

  /**
   * Where a URL of a container shall not lead: to metadata services, to dproxy itself, and with the labels of an engine to nothing
   * that listens for this machine alone. An engine's own TCP port there would do whatever it is told (threats: row 44).
   */
  #policy({ compiled }: FilteredRequest): AddressPolicy {
    const refuse = compileAddressPolicy(compiled.settings.ownAddresses);
    if (!this.#isFromEngine) return refuse;
    return (address, port) =>
      refuse(address, port) ?? (isLoopbackAddress(address) ? 'it is for this machine alone' : undefined);
  }

  // ---- what it is asked

  #question(request: FilteredRequest, body: Buffer | undefined, refuse: AddressPolicy | undefined): AuthQuestion {
    const { preserveMethod, timeoutMs, tlsVerify } = this.#filter;
    const { method } = request.head;
    const asked = preserveMethod ? method : 'GET';
    const headers = ['host', this.#url.host];
    for (const line of this.#lines(request).split('\r\n')) {
      const colon = line.indexOf(':');
      if (colon > 0) headers.push(line.slice(0, colon), line.slice(colon + 1).trim());
    }
    const byteLength = body?.length ?? 0;
    if (byteLength > 0 || (asked !== 'GET' && asked !== 'HEAD')) headers.push('content-length', String(byteLength));
    return {
      url: this.#url,
      method: asked,
      headers,
      body,
      timeoutMs: timeoutMs > 0 ? timeoutMs : DEFAULT_TIMEOUT_MS,
      tlsVerify,
      refuse,
    };
  }

  /** The header that the backend would get, and what the request is. */
  #lines(request: FilteredRequest): string {
    const { head } = request;
    const { peer } = request.downstream;
    const asked = this.#asked;
    const passed = asked.size === 0 ? head.passed : withoutFields(head.passed, (name) => !asked.has(name));
    const forwarded = this.#filter.trustForwarded
      ? trusted(request)
      : peer.forwardedBlock(head.claims, head.hostHeader);
    const rules = request.requestRules(undefined);
    const lines = passed + forwarded;
    const changed = rules === undefined ? lines : withoutTaken(lines, rules) + rules.added;
    return `${changed}${headerLine('x-forwarded-method', head.method)}${headerLine('x-forwarded-uri', head.target)}`;
  }

  // ---- what its answer means

  #tellBackend({ original, requestFields }: FilteredRequest, { fields }: AuthAnswer): void {
    const pattern = this.#copiedPattern;
    for (const name of this.#copied) requestFields.change('remove', name, '');
    if (pattern !== undefined) {
      for (const name of fieldNames(original.passed))
        if (isNamed(pattern, name)) requestFields.change('remove', name, '');
      for (const [name] of fields) if (isNamed(pattern, name.toLowerCase())) requestFields.change('remove', name, '');
    }
    for (const [name, value] of fields) {
      const lower = name.toLowerCase();
      const isCopied = this.#copied.includes(lower) || (pattern !== undefined && isNamed(pattern, lower));
      if (isCopied && lower !== 'host') requestFields.change('add', name, value);
    }
  }

  #tellClient({ responseFields }: FilteredRequest, { fields }: AuthAnswer): void {
    if (this.#cookies.size === 0) return;
    for (const [name, value] of fields) {
      if (name.toLowerCase() !== 'set-cookie') continue;
      if (this.#cookies.has(cookieName(value))) responseFields.change('add', name, value);
    }
  }

  #pageOf({ status, fields, body }: AuthAnswer): Page {
    if (status < 300 || status > 599) throw new ProxyError('access-unchecked', `${this.#url.host} answers ${status}`);
    let headers = '';
    for (const [name, value] of fields) {
      const lower = name.toLowerCase();
      // Of this answer's way to us; the way to the client is ours.
      if (isCodecOwned(lower) || isForwardingField(lower) || lower === 'date') continue;
      headers += headerLine(name, lower === 'location' ? this.#location(value) : value);
    }
    const isBodiless = status === 304;
    return { status, headers: isBodiless ? headers : `${headers}content-length: ${body.length}\r\n`, body };
  }

  /** It is relative to where it was said, unless it was meant for the client as it stands. */
  #location(value: string): string {
    if (this.#filter.preserveLocation || !URL.canParse(value, this.#url)) return value;
    return new URL(value, this.#url).href;
  }
}

function cookieName(setCookie: string): string {
  return setCookie.slice(0, Math.max(0, setCookie.indexOf('='))).trim();
}

function urlOf({ url: text }: ForwardAuthFilter): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new RangeError('forwardAuth: expected an http:// or https:// URL');
  if (url.username !== '' || url.password !== '')
    throw new RangeError('forwardAuth: expected a URL without a password');
  return url;
}

/** What the client says about itself is believed here, because the filter says so. */
function trusted({ original, downstream }: FilteredRequest): string {
  const { claims, hostHeader } = original;
  const { peer } = downstream;
  const said: readonly (readonly [string, string])[] = [
    ['x-forwarded-for', claims.xForwardedFor === '' ? '' : `${claims.xForwardedFor}, ${peer.address}`],
    ['x-forwarded-proto', claims.xForwardedProto],
    ['x-forwarded-host', claims.xForwardedHost],
    ['x-forwarded-port', claims.xForwardedPort],
  ];
  const given = said.filter(([, value]) => value !== '');
  const names = new Set(given.map(([name]) => name));
  const own = withoutFields(peer.forwardedBlock(claims, hostHeader), (name) => names.has(name));
  return own + given.map(([name, value]) => headerLine(name, value)).join('');
}

/** Patterns are written for `X-Auth-User` as well as for `x-auth-user`, and are to find what only looks like it, too. */
function isNamed(pattern: Pattern, name: string): boolean {
  const plain = plainFieldName(name);
  const usual = plain.replaceAll(/(?:^|-)[a-z]/g, (letter) => letter.toUpperCase());
  return pattern.test(name) || pattern.test(plain) || pattern.test(usual);
}

function checkedName(name: string): string {
  return fieldChange('remove', name, '')?.name ?? notCopied(name);
}

function notCopied(name: string): never {
  throw new RangeError(`forwardAuth: ${name} belongs to the connection and cannot be copied`);
}
