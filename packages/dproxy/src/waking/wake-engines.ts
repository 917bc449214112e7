import { sameValue, type EngineEndpoint } from '@dproxy/core';
import { DockerWakeEngine, WakeTrouble, type WakeEngine } from '@dproxy/discovery';

interface Opened {
  readonly endpoint: EngineEndpoint;
  readonly engine: Promise<WakeEngine>;
}

/**
 * Connections to engines that may start and stop containers, apart from those that only read. Each is opened at the first wake or
 * sleep: a host on which nothing sleeps never has one.
 */
export class WakeEngines {
  readonly #endpoints: () => readonly EngineEndpoint[];
  readonly #opened = new Map<string, Opened>();

  /** @param endpoints those of the settings of now */
  constructor(endpoints: () => readonly EngineEndpoint[]) {
    this.#endpoints = endpoints;
  }

  /** @param source as in `Origin.source`. @throws WakeTrouble */
  async of(source: string): Promise<WakeEngine> {
    const endpoint = this.#endpoints().find(({ name }) => `docker:${name}` === source);
    const before = this.#opened.get(source);
    if (endpoint !== undefined && before !== undefined && sameValue(before.endpoint, endpoint))
      return await before.engine;
    this.#opened.delete(source);
    closeLater(before);
    if (endpoint === undefined) throw new WakeTrouble('away', 'its engine is not among the settings any more');
    const engine = DockerWakeEngine.open(endpoint);
    this.#opened.set(source, { endpoint, engine });
    // Certificates that cannot be read now may be readable at the next attempt.
    engine.catch(() => this.#opened.delete(source));
    return await engine;
  }

  close(): void {
    for (const opened of this.#opened.values()) closeLater(opened);
    this.#opened.clear();
  }
}

function closeLater(opened: Opened | undefined): void {
  // One that could not be opened has nothing to close; who asked for it was told.
  opened?.engine.then(
    (engine) => engine.close(),
    () => undefined,
  );
}
