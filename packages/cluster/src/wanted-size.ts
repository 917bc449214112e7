import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { BalancerState } from '@dproxy/core';

/** What was asked for last. */
export interface Wanted {
  readonly state: BalancerState;
  readonly size: number;
}

/**
 * `<state>/balancer.json`: what a restarted primary goes on with. It belongs to one life of the supervisor: a service that
 * is started anew begins with what its configuration says.
 */
export class WantedSize {
  readonly #path: string;
  readonly #supervisor: string;

  /** @param supervisor which life of PM2: pid and start time */
  constructor(path: string, supervisor: string) {
    this.#path = path;
    this.#supervisor = supervisor;
  }

  /** Undefined when nothing was asked for in this life of the supervisor, or the file is damaged. */
  async load(): Promise<Wanted | undefined> {
    let content: string;
    try {
      content = await readFile(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    return this.#parse(content);
  }

  #parse(content: string): Wanted | undefined {
    try {
      const { supervisor, state, size } = JSON.parse(content) as Record<string, unknown>;
      if (supervisor !== this.#supervisor || (state !== 'running' && state !== 'stopped')) return undefined;
      return Number.isSafeInteger(size) && (size as number) > 0 ? { state, size: size as number } : undefined;
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  async save(wanted: Wanted): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    const draft = `${this.#path}.new`;
    const file = await open(draft, 'w', 0o600);
    try {
      await file.writeFile(`${JSON.stringify({ supervisor: this.#supervisor, ...wanted })}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, this.#path);
  }
}
