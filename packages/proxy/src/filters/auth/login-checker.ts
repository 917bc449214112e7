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
  /** `Login.key` */
  readonly key: string;
  readonly question: PasswordQuestion;
  readonly verdict: PromiseWithResolvers<boolean>;
  /** Requests with the same name and password are one job. */
  waiters: number;
}

export interface Login {
  readonly password: string;
  readonly hash: PasswordQuestion['hash'];
  /** `verdictKey` of what the client has sent. */
  readonly key: string;
  /** Who asks: clients take turns. */
  readonly client: string;
}

/** The request that waits. */
export interface Waiter {
  /** Called when nobody waits for its answer any more. */
  onEnd(listener: () => void): void;
}

/**
 * Checks passwords for a worker, one at a time and in another thread, which is started when it is first needed. Clients take turns,
 * so that a flood of wrong passwords from one of them delays the others by one check each.
 */
export class LoginChecker {
  /** Neither password nor anything that could be tried offline without the key of this process. */
  readonly #verdicts = new LRUCache<string, boolean>({ max: MAX_VERDICTS });
  readonly #secret = randomBytes(32).toString('latin1');
  /** By key: the one that runs, and those that wait. */
  readonly #pending = new Map<string, Job>();
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

  /**
   * Nothing is done for a client that went away before its turn.
   *
   * @throws ProxyError `logins-busy` when too many wait, `access-unchecked` when the thread broke, `client-gone`
   */
  async check(login: Login, waiter: Waiter): Promise<boolean> {
    const job = this.#pending.get(login.key) ?? this.#enqueue(login);
    job.waiters++;
    waiter.onEnd(() => this.#leave(job));
    return await job.verdict.promise;
  }

  async close(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    this.#abandon(new ProxyError('access-unchecked', 'the worker is leaving'));
    await thread?.terminate();
  }

  #enqueue({ client, key, password, hash }: Login): Job {
    const jobs = this.#waiting.get(client) ?? [];
    if (jobs.length >= MAX_WAITING_PER_CLIENT || this.#waitingCount >= MAX_WAITING) {
      throw new ProxyError('logins-busy', `${this.#waitingCount} wait, ${jobs.length} of them of ${client}`);
    }
    const question = { id: this.#ids++, password, hash };
    const verdict = Promise.withResolvers<boolean>();
    const job: Job = { sinceMs: performance.now(), client, key, question, verdict, waiters: 0 };
    this.#pending.set(key, job);
    jobs.push(job);
    this.#waiting.set(client, jobs);
    this.#waitingCount++;
    this.#next();
    return job;
  }

  #leave(job: Job): void {
    job.waiters--;
    if (job.waiters > 0 || job === this.#running || this.#pending.get(job.key) !== job) return;
    const left = (this.#waiting.get(job.client) ?? []).filter((each) => each !== job);
    if (left.length > 0) this.#waiting.set(job.client, left);
    else this.#waiting.delete(job.client);
    this.#waitingCount--;
    this.#fail(job, new ProxyError('client-gone', 'before its password was checked'));
  }

  #settle({ key, verdict }: Job, isRight: boolean): void {
    this.#pending.delete(key);
    this.#verdicts.set(key, isRight);
    verdict.resolve(isRight);
  }

  #fail({ key, verdict }: Job, error: Error): void {
    this.#pending.delete(key);
    verdict.reject(error);
  }

  #next(): void {
    if (this.#running !== undefined) return;
    let job = this.#take();
    while (job !== undefined && performance.now() - job.sinceMs > MAX_WAIT_MS) {
      this.#fail(job, new ProxyError('logins-busy', `${job.client} waited too long`));
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
      this.#settle(job, isRight);
      this.#next();
    });
    const onGone = (error: unknown): void => {
      if (this.#thread !== thread) return;
      this.#thread = undefined;
      const [job, gone] = [this.#running, new ProxyError('access-unchecked', 'the thread broke', { cause: error })];
      this.#running = undefined;
      if (job !== undefined) this.#fail(job, gone);
      this.#next();
    };
    thread.on('error', onGone);
    thread.on('exit', onGone);
    return thread;
  }

  #abandon(error: Error): void {
    this.#running = undefined;
    this.#waiting.clear();
    this.#waitingCount = 0;
    for (const job of this.#pending.values()) this.#fail(job, error);
  }
}
