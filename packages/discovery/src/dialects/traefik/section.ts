import { didYouMean } from '@dproxy/core';
import type { LabelProblem } from '../dialect.ts';
import { show } from '../show.ts';
import { readDuration, readFlag, readInteger, readList } from './values.ts';

/** A label below the section that it belongs to: its key as written, and its value. */
export type Pair = readonly [key: string, value: string];

/** What was found wrong while something was read. */
export class Report {
  readonly problems: LabelProblem[] = [];
  /** Something that was asked for cannot be honoured, so that what was read means less than its author wrote. */
  hasFailed = false;

  /** Cannot be honoured. */
  refuse(message: string, expected: string): void {
    this.hasFailed = true;
    this.note(message, expected);
  }

  /** Makes no difference that anybody would have to be protected from. */
  note(message: string, expected: string): void {
    this.problems.push({ message, expected });
  }
}

const MAX_PAIRS = 512;

/**
 * The labels below one name, such as `traefik.http.routers.web`, read key by key. Keys are found whatever their case. What
 * nobody has asked for when all is read is unknown: `finish` says so.
 */
export class Section {
  readonly report: Report;
  readonly #title: string;
  readonly #pairs: ReadonlyMap<string, Pair>;
  readonly #taken = new Set<string>();
  readonly #known: string[] = [];

  constructor(title: string, pairs: readonly Pair[], report = new Report()) {
    this.#title = title;
    this.report = report;
    this.#pairs = new Map(pairs.slice(0, MAX_PAIRS).map((pair) => [pair[0].toLowerCase(), pair]));
    if (pairs.length > MAX_PAIRS)
      report.refuse(`${show(title)} has ${pairs.length} labels`, `at most ${MAX_PAIRS} labels`);
  }

  /** As written. */
  label(key: string): string {
    const written = this.#pairs.get(key)?.[0] ?? key;
    return written === '' ? this.#title : `${this.#title}.${written}`;
  }

  /** The key, or something below it, is there. */
  has(key: string): boolean {
    return [...this.#pairs.keys()].some((name) => isBelow(name, key));
  }

  text(key: string): string | undefined {
    this.#known.push(key);
    this.#taken.add(key);
    return this.#pairs.get(key)?.[1];
  }

  flag(key: string): boolean | undefined {
    return this.#read(key, 'true or false', readFlag);
  }

  integer(key: string, min: number, max: number): number | undefined {
    return this.#read(key, `a whole number from ${min} to ${max}`, (raw) => readInteger(raw, min, max));
  }

  /** Milliseconds. */
  duration(key: string): number | undefined {
    return this.#read(key, 'a duration such as 500ms, 10s or 1m30s', readDuration);
  }

  word<const T extends string>(key: string, words: readonly T[]): T | undefined {
    return this.#read(key, `one of: ${words.join(', ')}`, (raw) =>
      words.find((word) => word === raw.trim().toLowerCase()),
    );
  }

  /** `key=a,b`, or `key[0]=a` and `key[1]=b`. */
  list(key: string): readonly string[] | undefined {
    const indexed = this.#indexed(key);
    const raw = this.text(key);
    if (raw === undefined && indexed.length === 0) return undefined;
    const parts = raw === undefined ? [] : readList(raw);
    if (parts !== undefined) return [...parts, ...indexed];
    this.refuse(key, 'fewer entries');
    return undefined;
  }

  /** All below `key.`, such as the headers of `customrequestheaders`. */
  family(key: string): readonly Pair[] {
    this.#known.push(`${key}.<name>`);
    const found = [...this.#pairs].filter(([name]) => name.startsWith(`${key}.`));
    for (const [name] of found) this.#taken.add(name);
    return found.map(([, [written, value]]) => [written.slice(key.length + 1), value]);
  }

  /** Nothing of it is unknown: the section as a whole is refused. */
  everything(): void {
    for (const name of this.#pairs.keys()) this.#taken.add(name);
  }

  /** What is below `key`, with the same report; undefined when nothing is. `key=true` alone is an empty section. */
  sub(key: string): Section | undefined {
    this.#known.push(key);
    if (!this.has(key)) return undefined;
    const pairs: Pair[] = [];
    for (const [name, [written, value]] of this.#pairs) {
      if (!isBelow(name, key)) continue;
      this.#taken.add(name);
      pairs.push([written.slice(key.length + 1), value]);
    }
    return new Section(`${this.#title}.${key}`, pairs, this.report);
  }

  /** The value of this key cannot be used. Of a secret only the label is told. */
  refuse(key: string, expected: string, isSecret = false): void {
    const value = this.#pairs.get(key)?.[1];
    const shown = value === undefined || isSecret ? '' : `=${show(value)}`;
    this.report.refuse(`${show(this.label(key))}${shown} cannot be used`, expected);
  }

  /** Harmless: what was asked for is not done, or not needed. */
  note(key: string, why: string, expected: string): void {
    this.report.note(`${show(this.label(key))}: ${why}`, expected);
  }

  /** To be called when all keys have been asked for: what is left is reported. */
  finish(): void {
    for (const [name] of this.#pairs) {
      if (name === '' || this.#taken.has(name)) continue;
      const meant = didYouMean(name, this.#known);
      const expected = meant === undefined ? `one of: ${this.#known.join(', ')}` : `${meant}, probably`;
      this.report.refuse(`${show(this.label(name))} is not a label that dproxy knows`, expected);
    }
  }

  #indexed(key: string): readonly string[] {
    const values: string[] = [];
    for (let index = 0; index < MAX_PAIRS; index += 1) {
      const value = this.#pairs.get(`${key}[${index}]`)?.[1];
      if (value === undefined) break;
      this.#taken.add(`${key}[${index}]`);
      values.push(value.trim());
    }
    return values;
  }

  #read<T>(key: string, expected: string, read: (raw: string) => T | undefined): T | undefined {
    const raw = this.text(key);
    if (raw === undefined) return undefined;
    const value = read(raw);
    if (value === undefined) this.refuse(key, expected);
    return value;
  }
}

function isBelow(name: string, key: string): boolean {
  return name === key || name.startsWith(`${key}.`);
}
