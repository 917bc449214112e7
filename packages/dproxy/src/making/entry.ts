import type { ContainerOrder, MadeContainer, MadeState, PullProgress } from '@dproxy/core';
import type { MadeRecord } from './made-file.ts';

/** One name of the container API: what was ordered, and how far it is. */
export class Entry {
  readonly order: ContainerOrder;
  /** Ends what is under way. */
  readonly end = new AbortController();
  /** Of its container, also after that is gone; empty before one is created. */
  id: string;
  phase: 'pulling' | 'creating' | 'starting' | 'done' | 'failed' = 'pulling';
  pull: PullProgress | null = null;
  problem = '';
  /** Something is being done with it, which ends by itself and never rejects. */
  work: Promise<void> | undefined;

  /** @param order with a name and an engine */
  constructor(order: ContainerOrder, id = '') {
    this.order = order;
    this.id = id;
  }

  static ofRecord({ id, name, image, tag, engine }: MadeRecord): Entry {
    const entry = new Entry({ name, image, tag, engine }, id);
    entry.phase = 'done';
    return entry;
  }

  toRecord(): MadeRecord {
    const { name, image, tag, engine } = this.order;
    return { name, id: this.id, image, tag, engine };
  }

  /** @param found the engine's word for the state of each of ours, by id; undefined when it does not answer */
  view(found: ReadonlyMap<string, string> | undefined): MadeContainer {
    const { id, pull, problem } = this;
    return { ...this.order, id, state: this.#state(found), pull, problem };
  }

  #state(found: ReadonlyMap<string, string> | undefined): MadeState {
    if (this.phase !== 'done' && this.phase !== 'failed') return this.phase;
    if (found === undefined) return 'unknown';
    const state = found.get(this.id);
    if (state === undefined) return this.phase === 'failed' ? 'failed' : 'stopped';
    return state === 'running' || state === 'paused' || state === 'created' ? state : 'stopped';
  }
}
