import { canonicalJson } from '@dproxy/core';
import { readHostname } from '../label-values.ts';
import { readRanges } from './rule-conditions.ts';
import { RuleError } from './rule-error.ts';
import { parseRule, type Matcher, type RuleTree } from './rule-parser.ts';

/** One way in which the rule of a TCP router can hold. */
export interface StreamRule {
  /** `*` for all, also for clients that name none. */
  readonly hosts: readonly string[];
  /** CIDRs; empty: everybody. */
  readonly clients: readonly string[];
  /** Protocols of which the client must offer one; empty: any. */
  readonly alpn: readonly string[];
}

/** A part that still may have no host of its own. */
interface Alternative {
  readonly host: string | undefined;
  readonly clients: readonly string[] | undefined;
  readonly alpn: readonly string[] | undefined;
}

const MATCHERS = ['HostSNI', 'HostSNIRegexp', 'ClientIP', 'ALPN'];
const MAX_ALTERNATIVES = 128;
/** The server that checks whether a name is ours for a certificate authority (RFC 8737). */
const ACME_PROTOCOL = 'acme-tls/1';

/**
 * A rule of `HostSNI`, `ClientIP` and `ALPN`. A stream has one list of each, so that what cannot be said with lists is refused.
 *
 * @throws RuleError
 */
export function readStreamRule(text: string): readonly StreamRule[] {
  const alternatives = expand(parseRule(text, MATCHERS));
  if (alternatives.length === 0)
    throw new RuleError(1, 'a rule that nothing can match', 'one HostSNI of each alternative');
  const byHost = new Map<string, Required<Alternative>>();
  for (const each of alternatives) {
    const { host = '*', alpn = [], clients = [] } = each;
    const key = canonicalJson([host, alpn]);
    const known = byHost.get(key)?.clients;
    // One of them is for everybody: then all are.
    const isOpen = clients.length === 0 || known?.length === 0;
    byHost.set(key, { host, alpn, clients: isOpen ? [] : [...new Set([...(known ?? []), ...clients])] });
  }
  return grouped([...byHost.values()]);
}

function grouped(alternatives: readonly Required<Alternative>[]): readonly StreamRule[] {
  const rules = new Map<string, StreamRule>();
  for (const { host = '*', clients = [], alpn = [] } of alternatives) {
    const key = canonicalJson([clients, alpn]);
    rules.set(key, { hosts: [...(rules.get(key)?.hosts ?? []), host], clients, alpn });
  }
  return [...rules.values()];
}

function expand(tree: RuleTree): readonly Alternative[] {
  switch (tree.type) {
    case 'or':
      return limited(tree.of.flatMap(expand));
    case 'and':
      return tree.of
        .map(expand)
        .reduce((left, right) => limited(left.flatMap((a) => right.flatMap((b) => both(a, b)))));
    case 'not':
      throw new RuleError(1, 'an exclamation mark', 'HostSNI, ClientIP and ALPN without one');
    case 'matcher':
      return read(tree);
    default:
      return tree satisfies never;
  }
}

function limited(alternatives: readonly Alternative[]): readonly Alternative[] {
  if (alternatives.length <= MAX_ALTERNATIVES) return alternatives;
  throw new RuleError(1, `${alternatives.length} alternatives`, `at most ${MAX_ALTERNATIVES}, or several routers`);
}

const ANY: Alternative = { host: undefined, clients: undefined, alpn: undefined };

function read({ name, values, column }: Matcher): readonly Alternative[] {
  switch (name) {
    case 'HostSNI':
      return values.map((value) => ({ ...ANY, host: readHost(value, column) }));
    case 'ClientIP':
      return [{ ...ANY, clients: readRanges(values, column) }];
    case 'ALPN': {
      const wrong = values.find((value) => value === ACME_PROTOCOL || !/^[\x21-\x7e]{1,255}$/.test(value));
      if (wrong !== undefined) throw new RuleError(column, wrong, 'a protocol such as h2 or postgresql');
      return [{ ...ANY, alpn: values }];
    }
    default:
      throw new RuleError(column, name, 'HostSNI with the names: patterns are not looked up in a ClientHello');
  }
}

function readHost(raw: string, column: number): string {
  if (raw === '*') return raw;
  const host = readHostname(raw.trim());
  if (host === undefined) throw new RuleError(column, raw, 'a name such as db.example.com, or *');
  return host;
}

/** Both at once: none when two names exclude each other. */
function both(a: Alternative, b: Alternative): readonly Alternative[] {
  const [left, right] = [a.host, b.host];
  const isAny = (host: string | undefined): boolean => host === undefined || host === '*';
  if (!isAny(left) && !isAny(right) && left !== right) return [];
  if (a.clients !== undefined && b.clients !== undefined)
    throw new RuleError(1, 'ClientIP && ClientIP', 'one ClientIP');
  if (a.alpn !== undefined && b.alpn !== undefined) throw new RuleError(1, 'ALPN && ALPN', 'one ALPN');
  return [{ host: isAny(left) ? right : left, clients: a.clients ?? b.clients, alpn: a.alpn ?? b.alpn }];
}
