import { isLoopbackAddress, isLoopbackAuthority } from './loopback.ts';
import { Lockout } from './lockout.ts';
import { isSameToken } from './token.ts';

/** What the decision needs of a request. */
export interface Caller {
  readonly remoteAddress: string;
  readonly localAddress: string;
  readonly localPort: number;
  /** Names and values in turn, as received: Node joins or drops doubled ones elsewhere, and a doubled Host is a trick. */
  readonly rawHeaders: readonly string[];
}

export type Verdict =
  | { readonly type: 'allowed'; readonly by: 'token' | 'loopback' }
  | { readonly type: 'refused'; readonly status: 401 | 429; readonly message: string; readonly retryAfterS: number };

export interface AccessOptions {
  readonly token: string;
  /** `api.tokenAlways`: loopback needs the token too. */
  readonly tokenAlways: boolean;
  /** The token may come as the password of Basic, which browsers ask people for. Only where nothing can be changed. */
  readonly takesBasic?: boolean;
  readonly lockout?: Lockout;
}

/**
 * Who may call the admin API (threats.md row 45). A right token may do everything. Without one, a program on this machine
 * may do what `isOpen` names; a web page in a browser on this machine may not, although its requests come from loopback too:
 * its name in `Host` (DNS rebinding), its `Origin`, `Referer` or `Sec-Fetch-Site` give it away. Something that was forwarded
 * comes from wherever the forwarder listens.
 */
export class Access {
  readonly #options: AccessOptions;
  readonly #lockout: Lockout;

  constructor(options: AccessOptions) {
    this.#options = options;
    this.#lockout = options.lockout ?? new Lockout();
  }

  /** `isOpen`: the call is one that loopback may make without the token. */
  judge(caller: Caller, isOpen: boolean, nowMs: number): Verdict {
    const fields = collect(caller.rawHeaders);
    const given = fields.get('authorization');
    if (given !== undefined) return this.#judgeToken(caller.remoteAddress, given, nowMs);
    if (this.#options.tokenAlways) return refused('this API asks for its token always (api.tokenAlways)');
    const distance = whyNotLocal(caller, fields);
    if (distance !== '') return refused(`without the token only programs on this machine may call; ${distance}`);
    if (!isOpen) return refused('this call needs the token, also from this machine');
    return { type: 'allowed', by: 'loopback' };
  }

  /** A wrong token is refused even where none is needed: who sends one wants to know. */
  #judgeToken(address: string, given: readonly string[], nowMs: number): Verdict {
    const waitMs = this.#lockout.waitMs(address, nowMs);
    if (waitMs > 0) {
      const retryAfterS = Math.ceil(waitMs / 1_000);
      return { type: 'refused', status: 429, message: 'too many wrong tokens; wait before the next', retryAfterS };
    }
    const token = given.length === 1 ? this.#tokenOf(given[0] ?? '') : undefined;
    if (token === undefined || !isSameToken(token, this.#options.token)) {
      this.#lockout.fail(address, nowMs);
      return refused('the token is wrong; expected "Authorization: Bearer <token>"');
    }
    this.#lockout.succeed(address);
    return { type: 'allowed', by: 'token' };
  }

  #tokenOf(field: string): string | undefined {
    const bearer = /^bearer +([\x21-\x7e]+) *$/i.exec(field)?.[1];
    if (bearer !== undefined || this.#options.takesBasic !== true) return bearer;
    // RFC 7617 section 2: the name, a colon, the password.
    const basic = /^basic +([A-Za-z0-9+/=]{1,1024}) *$/i.exec(field)?.[1];
    return basic === undefined ? undefined : /^[^:]*:(.*)$/s.exec(Buffer.from(basic, 'base64').toString())?.[1];
  }
}

function refused(message: string): Verdict {
  return { type: 'refused', status: 401, message, retryAfterS: 0 };
}

function collect(rawHeaders: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const fields = new Map<string, string[]>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    const value = rawHeaders[index + 1] ?? '';
    const values = fields.get(name);
    if (values === undefined) fields.set(name, [value]);
    else values.push(value);
  }
  return fields;
}

const TELLTALES = ['origin', 'referer', 'forwarded', 'via', 'x-real-ip'] as const;

/** Empty when it is local. */
function whyNotLocal(caller: Caller, fields: ReadonlyMap<string, readonly string[]>): string {
  if (!isLoopbackAddress(caller.remoteAddress) || !isLoopbackAddress(caller.localAddress)) {
    return `this request came from ${caller.remoteAddress}`;
  }
  const hosts = fields.get('host') ?? [];
  if (hosts.length !== 1 || !isLoopbackAuthority(hosts[0] ?? '', caller.localPort)) {
    return `Host must be a loopback address or localhost, with port ${caller.localPort}`;
  }
  for (const name of TELLTALES) if (fields.has(name)) return `this request carries ${name}`;
  // `_` too: some servers take `X_Forwarded_For` for the same name.
  for (const name of fields.keys()) if (/^x[-_]forwarded/.test(name)) return `this request carries ${name}`;
  const site = fields.get('sec-fetch-site');
  if (site !== undefined && site.some((value) => value !== 'none')) return 'this request was made by a web page';
  return '';
}
