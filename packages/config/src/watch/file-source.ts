import { sameValue, type Log, type Source, type SourceState } from '@dproxy/core';
import { mergeLastGood } from '../file/merge-last-good.ts';
import { absentFile } from '../file/parse-file.ts';
import type { ParsedFile } from '../file/parsed-file.ts';
import { FileWatch } from './file-watch.ts';
import type { LastGoodFile } from './last-good-file.ts';
import { toParsedFile } from './load-file.ts';
import { EMPTY_SETTLE_MS, isBeingWritten, isEmptyRead, readFile, type FileRead } from './read-file.ts';
import { systemScheduler, type Scheduler } from './scheduler.ts';

/** How long a text must stand before it is believed: longer than a writer needs from one part of it to the next. */
const SETTLE_MS = 200;

export interface FileSourceOptions {
  /** Absolute; the file need not exist. */
  readonly path: string;
  readonly log: Log;
  /** Called before the state is published whenever something other than routes changed, and once at the start. */
  readonly onSettings: (file: ParsedFile) => void;
  readonly scheduler?: Scheduler;
  /** In force for what the file refuses at the start; null: nothing is. */
  readonly lastGood: ParsedFile | null;
  /** Gets every version of which nothing is refused. */
  readonly keep: Pick<LastGoodFile, 'save'>;
}

/**
 * dproxy.yml as a source. A change is applied when the file has said the same for 200 ms; an empty or deleted file must stay
 * so for two seconds, and a deleted one keeps the last good version. Nothing that is in the file can make it throw.
 *
 *   quiet -- hint, new text --> candidate -- later the same text --> apply, quiet
 *     ^                         |    ^   |
 *     +--- the applied text ----+    +---+ another text: wait anew
 */
export class FileSource implements Source {
  readonly name: string;
  readonly #path: string;
  readonly #log: Log;
  readonly #onSettings: (file: ParsedFile) => void;
  readonly #scheduler: Scheduler;
  readonly #watch: FileWatch;
  readonly #lastGood: ParsedFile | null;
  readonly #keep: FileSourceOptions['keep'];
  #publish: ((state: SourceState) => void) | null = null;
  #current: ParsedFile | null = null;
  /** What `#current` was made of; to see that nothing changed. */
  #applied = '';
  #candidate: { readonly content: string; readonly sinceMs: number; readonly isEmpty: boolean } | null = null;
  #cancelTimer: () => void = () => {};

  constructor({ path, log, onSettings, scheduler = systemScheduler, lastGood, keep }: FileSourceOptions) {
    this.name = `file:${path}`;
    this.#path = path;
    this.#log = log;
    this.#onSettings = onSettings;
    this.#scheduler = scheduler;
    this.#lastGood = lastGood;
    this.#keep = keep;
    this.#watch = new FileWatch(path, scheduler, () => this.#onHint());
  }

  /**
   * Resolves when what the file says now is published. A file that is empty at the start is believed at once, unless somebody has
   * just emptied it: then the last good version holds until it is settled.
   */
  async start(publish: (state: SourceState) => void): Promise<void> {
    this.#publish = publish;
    // Watch first, read then: what changes in between is seen.
    this.#watch.start();
    const read = readFile(this.#path);
    if (this.#lastGood !== null && isBeingWritten(read, this.#scheduler.nowMs())) this.#beginWith(this.#lastGood);
    else this.#apply(read);
    await Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#publish = null;
    this.#cancelTimer();
    this.#watch.stop();
    await Promise.resolve();
  }

  /** A candidate is looked at again soon anyway, but an empty one not soon enough for what may have been written now. */
  #onHint(): void {
    if (this.#candidate === null || this.#candidate.isEmpty) this.#check();
  }

  /** Looks at the file and does the one next thing. */
  #check(): void {
    this.#cancelTimer();
    const read = readFile(this.#path);
    const content = contentOf(read);
    if (content === this.#applied) {
      this.#candidate = null;
      return;
    }
    const nowMs = this.#scheduler.nowMs();
    if (this.#candidate?.content !== content) this.#candidate = { content, sinceMs: nowMs, isEmpty: isEmptyRead(read) };
    const leftMs = this.#candidate.sinceMs + (this.#candidate.isEmpty ? EMPTY_SETTLE_MS : SETTLE_MS) - nowMs;
    if (leftMs > 0) this.#cancelTimer = this.#scheduler.after(leftMs, () => this.#check());
    else this.#apply(read);
  }

  #apply(read: FileRead): void {
    this.#applied = contentOf(read);
    this.#candidate = null;
    const previous = this.#current;
    const next = isAbsent(read) && previous === null ? absentFile(this.#path) : this.#merge(read);
    this.#current = next;
    this.#report(read, next);
    this.#keepIfGood(read, next);
    if (previous === null || !sameSettings(previous, next)) this.#onSettings(next);
    if (previous !== null && sameValue(toState(this.name, previous), toState(this.name, next))) return;
    this.#publish?.(toState(this.name, next));
  }

  #beginWith(lastGood: ParsedFile): void {
    this.#current = lastGood;
    this.#onSettings(lastGood);
    this.#publish?.(toState(this.name, lastGood));
    this.#check();
  }

  #merge(read: FileRead): ParsedFile {
    return mergeLastGood(this.#current ?? this.#lastGood, toParsedFile(this.#path, read, this.#scheduler.nowMs()));
  }

  #keepIfGood(read: FileRead, { rejected }: ParsedFile): void {
    if (read.kind !== 'text' || rejected.length > 0) return;
    this.#keep.save({ path: this.#path, text: read.text, seenMs: Math.min(read.mtimeMs, this.#scheduler.nowMs()) });
  }

  #report(read: FileRead, { definitions, rejected }: ParsedFile): void {
    const fields = { path: this.#path, routes: definitions.length, rejected: rejected.length };
    if (read.kind !== 'missing') this.#log.info(fields, 'read the configuration file');
    for (const rejection of rejected) this.#log.warn({ ...rejection }, 'refused a part of the configuration file');
  }
}

function isAbsent(read: FileRead): boolean {
  return read.kind === 'missing' && read.signature === 'ENOENT';
}

function toState(source: string, { definitions, tcp, udp, rejected }: ParsedFile): SourceState {
  return { source, definitions, streams: [...tcp, ...udp].map(({ stream }) => stream), rejected };
}

function sameSettings(a: ParsedFile, b: ParsedFile): boolean {
  return sameValue(a.settings, b.settings) && sameValue(listenersOf(a), listenersOf(b));
}

function listenersOf({ tcp, udp }: ParsedFile): unknown {
  return [...tcp, ...udp].map(({ listener }) => listener);
}

function contentOf(read: FileRead): string {
  return read.kind === 'text' ? `text ${read.text}` : `${read.kind} ${read.reason}`;
}
