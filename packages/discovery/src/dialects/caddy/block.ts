/** One line of a Caddyfile with the lines below it, as labels say it. Plain data. */
export interface Block {
  /** The label that made it, for messages; of several the first. */
  readonly label: string;
  /** Of a prefix `N_`; Infinity would not survive being sent, so without one it is `LAST`. */
  readonly order: number;
  /** The directive and its arguments; of a site its addresses. */
  readonly keys: readonly string[];
  readonly children: readonly Block[];
}

export const LAST = Number.MAX_SAFE_INTEGER;

export function nameOf({ keys }: Block): string {
  return keys[0] ?? '';
}

export function argumentsOf({ keys }: Block): readonly string[] {
  return keys.slice(1);
}

export function isSnippet({ keys }: Block): boolean {
  return keys.length === 1 && /^\(.*\)$/s.test(keys[0] ?? '');
}

export function isMatcher(block: Block): boolean {
  return nameOf(block).startsWith('@');
}

/**
 * The order in which the lines would stand: global options, snippets, matchers, then by number, then alphabetically. The order
 * of labels in the engine's answer is random.
 */
export function sortBlocks(blocks: readonly Block[]): readonly Block[] {
  return blocks.map((block) => ({ ...block, children: sortBlocks(block.children) })).sort(compareBlocks);
}

function compareBlocks(a: Block, b: Block): number {
  for (const isFirst of [isGlobal, isSnippet, isMatcher]) {
    const difference = Number(isFirst(b)) - Number(isFirst(a));
    if (difference !== 0) return difference;
  }
  if (a.order !== b.order) return a.order < b.order ? -1 : 1;
  return compareLists(a.keys, b.keys, compareTexts) || compareLists(a.children, b.children, compareBlocks);
}

function isGlobal({ keys }: Block): boolean {
  return keys.length === 0;
}

function compareLists<T>(a: readonly T[], b: readonly T[], compare: (a: T, b: T) => number): number {
  for (const [index, left] of a.entries()) {
    const right = b[index];
    if (right === undefined) return 1;
    const difference = compare(left, right);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
