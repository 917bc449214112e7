import type { WakePlan } from '@dproxy/core';
import { memberOf, planOf } from './_plan-of.ts';
import { seenOf } from './_seen-of.ts';
import type { SeenContainer, WakeEngine } from './wake-engine.ts';

/** An engine that does what it is asked for at once, and writes it down. For tests of who asks, and how often. */
export class ToyEngine implements WakeEngine {
  readonly calls: string[] = [];
  readonly containers = new Map<string, SeenContainer>();
  /** What starting a container comes to; default: it runs. */
  readonly onStart = new Map<string, () => Promise<Partial<SeenContainer>>>();
  /** What containers have written; default: who they are. */
  readonly logs = new Map<string, readonly string[]>();
  /** What each look at a log waits for. */
  logIsReadable: Promise<void> = Promise.resolve();
  /** Thrown by each look. */
  trouble: Error | undefined;

  constructor(...names: readonly string[]) {
    for (const name of names) this.put(name);
  }

  put(name: string, more: Partial<SeenContainer> = {}): void {
    this.containers.set(`${name}-id`, seenOf(name, more));
  }

  async look(id: string): Promise<SeenContainer | undefined> {
    if (this.trouble !== undefined) throw this.trouble;
    return this.containers.get(id);
  }

  async start({ id }: SeenContainer): Promise<'started' | 'ran'> {
    this.calls.push(`start ${id}`);
    const change = (await this.onStart.get(id)?.()) ?? { state: 'running' };
    this.#change(id, change);
    return 'started';
  }

  async unpause(id: string): Promise<void> {
    this.calls.push(`unpause ${id}`);
    this.#change(id, { state: 'running' });
  }

  async pause(id: string): Promise<void> {
    this.#change(id, { state: 'paused' });
  }

  async stop(id: string): Promise<void> {
    this.#change(id, { state: 'exited' });
  }

  async cpu(): Promise<undefined> {}

  async lastLines({ id }: Pick<SeenContainer, 'id'>): Promise<readonly string[]> {
    await this.logIsReadable;
    return this.logs.get(id) ?? [`log of ${id}`];
  }

  close(): void {}

  #change(id: string, part: Partial<SeenContainer>): void {
    this.containers.set(id, { ...seenOf('x'), ...this.containers.get(id), ...part, id });
  }
}

/** A group of one stopped container of the same name. */
export function sleepingPlan(name: string, more: Partial<WakePlan> = {}): WakePlan {
  return planOf({ id: name, name, members: [memberOf(name, { state: 'stopped' })], ...more });
}
