import { hash as digest, randomBytes } from 'node:crypto';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ProxyError } from '@dproxy/core';
import { LRUCache } from 'lru-cache';
import type { PasswordAnswer, PasswordQuestion } from './password-thread.ts';

/** Verdicts that are kept, right and wrong ones. */
const MAX_VERDICTS = 10_000;
/** Passwords that wait to be checked, per client and in all: the last of them waits for some seconds. */
const MAX_WAITING_PER_CLIENT = 16;
const MAX_WAITING = 256;
/** Whoever has waited longer is told to come again: its browser has given up, or soon will. */
const MAX_WAIT_MS = 30_000;

interface Job {
  readonly sinceMs: number;
  readonly client: string;
  readonly question: PasswordQuestion;
  readonly settle: (isRight: boolean) => void;
  readonly fail: (error: Error) => void;
}

export interface Login {
  readonly password: string;
  readonly hash: PasswordQuestion['hash'];
  /** `verdictKey` of what the client has sent. */
  readonly key: string;
  /** Who asks: clients take turns. */
  readonly client: string;
}

/**
 * Checks passwords for a worker, one at a time and in another thread, which is started when it is first needed. Clients take turns,
 * so that a flood of wrong passwords from one of them delays the others by one check each.
 */
export class LoginChecker {
  /** Neither password nor anything that could be tried offline without the key of this process. */
  readonly #verdicts = new LRUCache<string, boolean>({ max: MAX_VERDICTS });
  readonly #secret = randomBytes(32).toString('latin1');
  readonly #pending = new Map<string, Promise<boolean>>();
  readonly #waiting = new Map<string, Job[]>();
  #waitingCount = 0;
  #running: Job | undefined;
  #thread: Worker | undefined;
  #ids = 0;

  /** What a verdict is kept by. @param users what it holds for: another list, another verdict */
  verdictKey(users: string, credentials: string): string {
    return digest('sha256', `${this.#secret}${users}\0${credentials}`, 'base64');
  }

  /** Undefined: not known yet. */
  known(key: string): boolean | undefined {
    return this.#verdicts.get(key);
  }

  /** @throws ProxyError `logins-busy` when too many wait, `access-unchecked` when the thread broke */
  async check({ password, hash, key, client }: Login): Promise<boolean> {
    const pending = this.#pending.get(key);
    if (pending !== undefined) return await pending;
    const checked = this.#enqueue(client, password, hash);
    this.#pending.set(key, checked);
    try {
      const isRight = await checked;
      this.#verdicts.set(key, isRight);
      return isRight;
    } finally {
      this.#pending.delete(key);
    }
  }

  async close(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    this.#abandon(new ProxyError('access-unchecked', 'the worker is leaving'));
    await thread?.terminate();
  }

  async #enqueue(client: string, password: string, hash: PasswordQuestion['hash']): Promise<boolean> {
    const jobs = this.#waiting.get(client) ?? [];
    if (jobs.length >= MAX_WAITING_PER_CLIENT || this.#waitingCount >= MAX_WAITING) {
      throw new ProxyError('logins-busy', `${this.#waitingCount} wait, ${jobs.length} of them of ${client}`);
    }
    return await new Promise((settle, fail) => {
      jobs.push({ sinceMs: performance.now(), client, question: { id: this.#ids++, password, hash }, settle, fail });
      this.#waiting.set(client, jobs);
      this.#waitingCount++;
      this.#next();
    });
  }

  #next(): void {
    if (this.#running !== undefined) return;
    let job = this.#take();
    while (job !== undefined && performance.now() - job.sinceMs > MAX_WAIT_MS) {
      job.fail(new ProxyError('logins-busy', `${job.client} waited too long`));
      job = this.#take();
    }
    if (job === undefined) return;
    this.#running = job;
    this.#thread ??= this.#start();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#thread.postMessage(job.question);
  }

  #take(): Job | undefined {
    const [client, jobs] = this.#waiting.entries().next().value ?? [];
    const job = jobs?.shift();
    if (client === undefined || jobs === undefined || job === undefined) return undefined;
    this.#waitingCount--;
    // To the end of the row.
    this.#waiting.delete(client);
    if (jobs.length > 0) this.#waiting.set(client, jobs);
    return job;
  }

  #start(): Worker {
    // The package is built to .js, and runs as .ts where it is not.
    const thread = new Worker(new URL(`./password-thread${extname(import.meta.url)}`, import.meta.url));
    thread.unref();
    thread.on('message', ({ id, isRight }: PasswordAnswer) => {
      const job = this.#running;
      if (job?.question.id !== id) return;
      this.#running = undefined;
      job.settle(isRight);
      this.#next();
    });
    const onGone = (error: unknown): void => {
      if (this.#thread !== thread) return;
      this.#thread = undefined;
      const [job, gone] = [this.#running, new ProxyError('access-unchecked', 'the thread broke', { cause: error })];
      this.#running = undefined;
      job?.fail(gone);
      this.#next();
    };
    thread.on('error', onGone);
    thread.on('exit', onGone);
    return thread;
  }

  #abandon(error: Error): void {
    this.#running?.fail(error);
    this.#running = undefined;
    for (const jobs of this.#waiting.values()) for (const job of jobs) job.fail(error);
    this.#waiting.clear();
    this.#waitingCount = 0;
  }
}
