import type { LabelProblem } from '../dialect.ts';
import { show } from '../show.ts';
import { argumentsOf, type Block } from './block.ts';

const MAX_MESSAGE = 500;

/** What is said of one site. */
export class Report {
  readonly problems: LabelProblem[] = [];
  readonly #site: string;
  #isRefused = false;

  /** @param site its addresses, for messages */
  constructor(site: string) {
    this.#site = show(site);
  }

  /** The site cannot be served as it was meant. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** It protects the site, or changes what answers: without it the site must not be served. */
  refuse(block: Block, reason: string, expected: string): void {
    this.#isRefused = true;
    this.#add(`${labelOf(block)}: ${reason}; the site ${this.#site} is left out`, expected);
  }

  /** Nothing breaks without it. */
  note(block: Block, reason: string, expected: string): void {
    this.#add(`${labelOf(block)}: ${reason}; the site ${this.#site} is served without it`, expected);
  }

  #add(raw: string, expected: string): void {
    // Arguments are in it, which may be anything.
    const message = raw.replaceAll(/\p{Cc}/gu, '?').slice(0, MAX_MESSAGE);
    if (!this.problems.some((problem) => problem.message === message)) this.problems.push({ message, expected });
  }
}

/** A label and what it says, but nothing that may be a password. */
export function labelOf(block: Block): string {
  const [first] = argumentsOf(block);
  const isShown = first !== undefined && /^[@/*]?[\w./*:-]*$/.test(first) && !/auth/.test(block.label);
  return show(isShown ? `${block.label}=${first}` : block.label);
}
