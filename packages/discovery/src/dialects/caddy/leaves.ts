import { sameValue, type Condition, type Filter } from '@dproxy/core';
import { readBasicAuth, readForwardAuth } from './access.ts';
import { ABORTED, readError, readRedirect, readRespond, type Answer, type Answered } from './answers.ts';
import type { Block } from './block.ts';
import { readEncode, readRequestBody } from './bodies.ts';
import { headerFilters } from './header-lines.ts';
import { linesOf, type Line } from './lines.ts';
import { UNTOUCHED, type SeenPath } from './path-matcher.ts';
import { readMatcher, withMatchers, type Matched, type Matchers } from './read-matcher.ts';
import { NO_PROXY, readReverseProxy, type Proxy, type ProxyFacts } from './reverse-proxy.ts';
import { readRewrite, readUri, stripPrefix, type Rewrite } from './rewrites.ts';

/** One way through a site: the conditions under which a request takes it, what happens on it, and where it ends. */
export interface Leaf {
  readonly conditions: readonly Condition[];
  /** Under which it is not taken, because another way that protects something is. */
  readonly excluded: readonly Condition[];
  readonly filters: readonly Filter[];
  readonly end: { readonly answer: Answer } | { readonly proxy: Proxy };
  /** The line of the site that it comes from. */
  readonly line: Line;
}

/** Each directive with a matcher that other directives follow doubles the ways. */
const MAX_LEAVES = 64;
const MAX_STEPS = 4_096;

/**
 * All ways through a site, the first that a request can take first. Caddy runs one directive after another and asks the matcher
 * of each; a route has its filters once and for all, so that a directive with a matcher makes two of it.
 */
export function readLeaves(blocks: readonly Block[], site: Block, facts: ProxyFacts): readonly Leaf[] {
  const walk = new Walk(site, facts);
  const matchers = withMatchers(new Map(), blocks);
  const lines = linesOf(blocks, matchers, false, facts.report);
  walk.follow(lines, START, (state) => walk.fallOff(state), matchers);
  return walk.leaves;
}

interface State {
  readonly conditions: readonly Condition[];
  readonly excluded: readonly Condition[];
  /** Which the request is known not to meet: a way on which it did comes before. */
  readonly failed: readonly Condition[];
  readonly filters: readonly Filter[];
  readonly seen: SeenPath;
  /** The `handle` that has taken the request: it goes to no other. */
  readonly taken: Line | undefined;
  readonly top: Line | undefined;
}

const START: State = {
  conditions: [],
  excluded: [],
  failed: [],
  filters: [],
  seen: UNTOUCHED,
  taken: undefined,
  top: undefined,
};
const NOTHING_HERE: Answered = { filters: [], answer: { type: 'respond', status: 404, body: '', headers: [] } };

/** Where a request goes on that nothing has answered. */
type GoOn = (state: State) => void;

class Walk {
  readonly leaves: Leaf[] = [];
  readonly #site: Block;
  readonly #facts: ProxyFacts;
  readonly #proxies = new Map<Block, Proxy>();
  #steps = 0;

  constructor(site: Block, facts: ProxyFacts) {
    this.#site = site;
    this.#facts = facts;
  }

  follow(lines: readonly Line[], state: State, goOn: GoOn, matchers: Matchers): void {
    const [line, ...rest] = lines;
    if (this.#isTooMuch()) return;
    if (line === undefined) {
      goOn(state);
      return;
    }
    const from = { ...state, top: state.top ?? line };
    const matched = readMatcher(line.block, matchers, state.seen, this.#facts.report);
    if (matched === undefined) return;
    const { condition } = matched;
    if (condition !== null && isAmong(state.failed, condition)) {
      this.follow(rest, state, goOn, matchers);
      return;
    }
    const isSure = condition === null || isAmong(state.conditions, condition);
    const taken = isSure ? from : { ...from, conditions: [...from.conditions, condition] };
    const before = this.leaves.length;
    this.#take(line, matched, taken, { rest, goOn, matchers, outer: state.top });
    if (isSure) return;
    // The order alone is no lock: a text that is too long for a pattern makes no condition hold, nor its opposite.
    const isLock = this.leaves.slice(before).some(protects);
    const excluded = isLock ? [...state.excluded, condition] : state.excluded;
    this.follow(rest, { ...state, excluded, failed: [...state.failed, condition] }, goOn, matchers);
  }

  /** A request that went into a `handle` and came out of it without an answer must not go into another one. */
  fallOff(state: State): void {
    if (state.taken !== undefined) this.#end({ ...state, top: state.taken }, NOTHING_HERE);
  }

  #take(line: Line, matched: Matched, state: State, { rest, goOn, matchers, outer }: Following): void {
    const { block, name } = line;
    const { report } = this.#facts;
    const on = (change: Partial<State>, lines = rest): void =>
      this.follow(lines, { ...state, top: outer, ...change }, goOn, matchers);
    const filtered = (filters: readonly Filter[]): void => on({ filters: [...state.filters, ...filters] });
    const rewritten = ({ filters, seen }: Rewrite, lines = rest): void =>
      on({ filters: [...state.filters, ...filters], seen }, lines);
    switch (name) {
      case 'header':
        return filtered(headerFilters(block, matched.values, 'response', report));
      case 'request_header':
        return filtered(headerFilters(block, matched.values, 'request', report));
      case 'request_body':
        return filtered(readRequestBody(block, report));
      case 'encode':
        return filtered(readEncode(block, matched.values, report));
      case 'basicauth':
      case 'basic_auth':
        return filtered(readBasicAuth(block, matched.values, report));
      case 'forward_auth':
        return filtered(readForwardAuth(block, matched.values, report));
      case 'uri':
        return rewritten(readUri(block, matched.values, state.seen, report));
      case 'rewrite':
        // The first that matches is the only one.
        return rewritten(
          readRewrite(block, matched.values, state.seen, report),
          rest.filter((other) => other.name !== 'rewrite'),
        );
      case 'handle':
      case 'handle_path':
      case 'route':
        return this.#enter(line, matched, state, { rest, goOn, matchers, outer });
      case 'redir':
        return this.#end(state, readRedirect(block, matched.values, report));
      case 'respond':
        return this.#end(state, readRespond(block, matched.values, report));
      case 'error':
        return this.#end(state, readError(block, matched.values, report));
      case 'abort':
        return this.#end(state, ABORTED);
      case 'reverse_proxy':
        return this.#add(state, { proxy: this.#proxyOf(block, matched) });
      default:
        name satisfies never;
    }
  }

  #enter(line: Line, matched: Matched, state: State, { rest, goOn, matchers, outer }: Following): void {
    const { name, block } = line;
    const isHandle = name !== 'route';
    const behind = isHandle ? rest.filter((other) => other.rank !== line.rank) : rest;
    const inner = withMatchers(matchers, block.children);
    const stripped = name === 'handle_path' ? this.#strip(line, state) : state;
    const lines = linesOf(block.children, inner, name === 'route', this.#facts.report);
    if (name === 'handle_path' && matched.path === '') {
      this.#facts.report.refuse(block, 'handle_path without a path', 'handle_path /path/*');
    }
    const entered = { ...stripped, taken: state.taken ?? (isHandle ? state.top : undefined) };
    this.follow(lines, entered, (after) => this.follow(behind, { ...after, top: outer }, goOn, matchers), inner);
  }

  #strip({ path }: Line, state: State): State {
    const prefix = path.replace(/\/?\*$/, '');
    if (prefix === '' || state.seen.type !== 'stripped') return state;
    const seen = { type: 'stripped', prefix: state.seen.prefix + prefix } as const;
    return { ...state, filters: [...state.filters, stripPrefix(prefix)], seen };
  }

  #end(state: State, answered: Answered | undefined): void {
    if (answered === undefined) return;
    this.#add({ ...state, filters: [...state.filters, ...answered.filters] }, { answer: answered.answer });
  }

  #add({ conditions, excluded, filters, top }: State, end: Leaf['end']): void {
    const all = 'proxy' in end ? [...filters, ...end.proxy.filters] : filters;
    if (top !== undefined) this.leaves.push({ conditions, excluded, filters: all, end, line: top });
  }

  /** Several ways may end in it; what is wrong with it is said once. */
  #proxyOf(block: Block, { values }: Matched): Proxy {
    const known = this.#proxies.get(block);
    const proxy = known ?? (this.#facts.report.isRefused ? NO_PROXY : readReverseProxy(block, values, this.#facts));
    this.#proxies.set(block, proxy);
    return proxy;
  }

  #isTooMuch(): boolean {
    this.#steps += 1;
    if (this.#steps <= MAX_STEPS && this.leaves.length <= MAX_LEAVES) return false;
    if (!this.#facts.report.isRefused) {
      const expected = `fewer directives with a matcher: at most ${MAX_LEAVES} ways`;
      this.#facts.report.refuse(this.#site, 'too many ways through its directives', expected);
    }
    return true;
  }
}

/** Somebody is kept out. */
function protects({ filters, end }: Leaf): boolean {
  if ('answer' in end && end.answer.type === 'respond' && end.answer.status >= 400) return true;
  return filters.some(({ type }) => LOCKS.has(type));
}

const LOCKS: ReadonlySet<Filter['type']> = new Set(['basicAuth', 'forwardAuth', 'allowClients', 'allowHosts']);

function isAmong(conditions: readonly Condition[], condition: Condition): boolean {
  return conditions.some((each) => sameValue(each, condition));
}

interface Following {
  readonly rest: readonly Line[];
  readonly goOn: GoOn;
  readonly matchers: Matchers;
  readonly outer: Line | undefined;
}
