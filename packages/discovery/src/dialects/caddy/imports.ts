import { type Block, argumentsOf, nameOf } from './block.ts';
import type { Report } from './report.ts';

const MAX_DEPTH = 8;
const MAX_BLOCKS = 2_000;

/** A snippet by its name; undefined: no container offers it. */
export type FindSnippet = (name: string) => Block | undefined;

/** The lines of a site, with those of snippets in the place of `import`. */
export function expandImports(blocks: readonly Block[], find: FindSnippet, report: Report): readonly Block[] {
  return new Expansion(find, report).expand(blocks, 0);
}

class Expansion {
  readonly #find: FindSnippet;
  readonly #report: Report;
  #count = 0;

  constructor(find: FindSnippet, report: Report) {
    this.#find = find;
    this.#report = report;
  }

  expand(blocks: readonly Block[], depth: number): readonly Block[] {
    return blocks.flatMap((block) => {
      this.#count += 1;
      if (this.#count > MAX_BLOCKS) {
        if (!this.#report.isRefused) this.#report.refuse(block, 'too many lines', `at most ${MAX_BLOCKS}`);
        return [];
      }
      if (nameOf(block) === 'import') return this.#import(block, depth);
      return [{ ...block, children: this.expand(block.children, depth) }];
    });
  }

  #import(block: Block, depth: number): readonly Block[] {
    const [name = '', ...values] = argumentsOf(block);
    const snippet = this.#find(name);
    if (snippet === undefined) {
      this.#report.refuse(block, `no container has the snippet (${name})`, `a label caddy=(${name})`);
      return [];
    }
    // A snippet that imports itself is one that never ends.
    if (depth === MAX_DEPTH) {
      this.#report.refuse(block, 'a snippet in a snippet, and so on', `at most ${MAX_DEPTH} levels`);
      return [];
    }
    return this.expand(
      snippet.children.map((child) => filled(child, values, block.label)),
      depth + 1,
    );
  }
}

/** `{args[0]}` and `{args.0}`; `{args[:]}` as an argument of its own stands for all. */
function filled(block: Block, values: readonly string[], label: string): Block {
  return {
    ...block,
    // What is wrong is told where the snippet is used.
    label: `${label} (${nameOf(block)})`,
    keys: block.keys.flatMap((key) =>
      key === '{args[:]}'
        ? values
        : [key.replaceAll(/\{args(?:\[(\d{1,3})\]|\.(\d{1,3}))\}/g, (_, a, b) => values[Number(a ?? b)] ?? '')],
    ),
    children: block.children.map((child) => filled(child, values, label)),
  };
}
