import { show } from '../show.ts';
import type { LabelProblem } from '../dialect.ts';
import { LAST, sortBlocks, type Block } from './block.ts';
import { expandTemplates } from './templates.ts';
import { splitArguments } from './tokens.ts';

const MAX_LABELS = 1_000;
const MAX_DEPTH = 16;
const SEGMENT = /^(?:(\d{1,9})_)?(.+?)(?:_(\d{1,9}))?$/s;

export interface LabelTree {
  /** Sites, snippets, and global options. */
  readonly tops: readonly Block[];
  readonly problems: readonly LabelProblem[];
}

interface Draft {
  readonly label: string;
  readonly order: number;
  readonly keys: string[];
  readonly children: Draft[];
}

/** `caddy`, `caddy_1` and what is below them: not `caddy_ingress_network`. */
export function isTreeLabel(label: string, prefix: string): boolean {
  if (!label.startsWith(prefix)) return false;
  return /^(?:_\d+)?(?:\.|$)/.test(label.slice(prefix.length));
}

/**
 * Labels as the Caddyfile that they stand for: dots are levels (`\.` is a dot), `N_` before a name is an order, `_N` behind it
 * keeps lines of one name apart.
 */
export function readLabelTree(labels: ReadonlyMap<string, string>, prefix: string): LabelTree {
  const own = [...labels].filter(([label]) => isTreeLabel(label, prefix)).sort(([a], [b]) => (a < b ? -1 : 1));
  const tree = new Tree();
  for (const [label, value] of own.slice(0, MAX_LABELS)) tree.add(label, value);
  if (own.length > MAX_LABELS) {
    tree.problems.push({ message: `${own.length} labels of Caddy`, expected: `at most ${MAX_LABELS}` });
  }
  return { tops: sortBlocks(tree.tops), problems: tree.problems };
}

class Tree {
  readonly tops: Draft[] = [];
  readonly problems: LabelProblem[] = [];
  readonly #byPath = new Map<string, Draft>();

  add(label: string, raw: string): void {
    const segments = label.split(/(?<!\\)\./);
    const text = expandTemplates(raw);
    if (segments.length > MAX_DEPTH || segments.includes('')) {
      this.problems.push({ message: `${show(label)} has no place in a Caddyfile`, expected: 'caddy.<directive>' });
      return;
    }
    const block = this.#blockAt(segments, label);
    if ('value' in text) {
      block.keys.push(...splitArguments(text.value));
      return;
    }
    this.problems.push({
      message: `${show(label)}: ${show(text.problem)} is a template that dproxy does not know`,
      expected: '{{upstreams [http|https|h2c] [port]}}, or the text itself',
    });
    // Whoever uses the line must see that it is not what it says.
    block.keys.push(UNREADABLE);
  }

  #blockAt(segments: readonly string[], label: string): Draft {
    const path = segments.join('.');
    const known = this.#byPath.get(path);
    if (known !== undefined) return known;
    const [, order, name = ''] = SEGMENT.exec(segments.at(-1) ?? '') ?? [];
    const block: Draft = { label, order: order === undefined ? LAST : Number(order), keys: [], children: [] };
    this.#byPath.set(path, block);
    if (segments.length === 1) {
      this.tops.push(block);
    } else {
      block.keys.push(name.replaceAll('\\.', '.'));
      this.#blockAt(segments.slice(0, -1), label).children.push(block);
    }
    return block;
  }
}

/** In place of a value that cannot be read. */
const UNREADABLE = '\u0001';

export function isUnreadable({ keys, children }: Block): boolean {
  return keys.includes(UNREADABLE) || children.some(isUnreadable);
}
