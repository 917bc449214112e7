import { setTimeout as delay } from 'node:timers/promises';
import type { Readable } from 'node:stream';
import type { Log } from '@dproxy/core';
import type { EngineConnection } from './engine-connection.ts';
import { readEvents, type EngineEvent, type KillEvent } from './engine-events.ts';
import type { EngineMirror } from './engine-mirror.ts';

/** Every so many pings the list is compared with the mirror: the net under a stream that lost something. */
const PINGS_PER_COMPARISON = 3;
/** A container on which the engine hangs does not keep the others from being served. */
const SYNC_DEADLINE_MS = 3_000;
const PARALLEL = 8;
/** Events from before the subscription; containers that they name are only looked at once more. */
const OVERLAP_SECONDS = 10;

export interface SessionOptions {
  readonly connection: EngineConnection;
  readonly mirror: EngineMirror;
  readonly log: Log;
  /** Silence of the engine is noticed after this and the deadline of a call. */
  readonly pingEveryMs: number;
  /** The mirror holds all that the engine has. */
  readonly onSynced: () => void;
  /** The mirror may have changed since. */
  readonly onChange: () => void;
  /** A container drains because of this, for so long at most. */
  readonly onDrain: (kill: KillEvent, forMs: number) => void;
}

/** A look at one container that is under way. */
interface Look {
  /** Something happened to it meanwhile. */
  isStale: boolean;
  isGone: boolean;
  readonly done: Promise<void>;
}

/**
 * One connection's life: subscribe, list, inspect each once, then one container per event. Events only say where to look;
 * what an inspection answers is put into the mirror, so that repeated, late or reordered events do no harm.
 */
export class EngineSession {
  readonly #options: SessionOptions;
  readonly #looks = new Map<string, Look>();
  readonly #retry = new Set<string>();
  readonly #end = new AbortController();

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Never resolves: @throws Error with the reason when the connection ends, whatever ended it. */
  async run(): Promise<never> {
    const { connection } = this.#options;
    let stream: Readable | undefined;
    try {
      stream = await connection.events(Math.floor(Date.now() / 1_000) - OVERLAP_SECONDS);
      return await Promise.race([this.#readStream(stream), this.#follow()]);
    } finally {
      this.#end.abort();
      stream?.destroy();
      connection.close();
    }
  }

  async #readStream(stream: Readable): Promise<never> {
    for await (const event of readEvents(stream)) this.#note(event);
    throw new Error('the engine closed its stream of events');
  }

  #note(event: EngineEvent): void {
    const { mirror, log, onChange } = this.#options;
    switch (event.type) {
      case 'container':
        void this.#look(event.id);
        return;
      case 'killed':
        void this.#drain(event);
        return;
      case 'died':
        // An engine that starts it again answers no look at it before that is done.
        if (mirror.die(event)) onChange();
        void this.#look(event.id);
        return;
      case 'removed': {
        const look = this.#looks.get(event.id);
        if (look !== undefined) look.isGone = true;
        mirror.remove(event.id);
        onChange();
        return;
      }
      case 'networks':
        this.#inBackground(this.#loadNetworks());
        return;
      case 'unreadable':
        log.warn(
          { reason: event.reason },
          'the engine sent an event that cannot be read; its containers are listed again',
        );
        this.#inBackground(this.#compare());
        return;
      default:
        event satisfies never;
    }
  }

  /** Without a look at it, unless it is unknown: until the answer, requests would still go there. */
  async #drain(kill: KillEvent): Promise<void> {
    const { mirror, onDrain, onChange } = this.#options;
    if (mirror.get(kill.id) === undefined) await this.#look(kill.id);
    const forMs = mirror.drain(kill);
    if (forMs === undefined) return;
    onDrain(kill, forMs);
    onChange();
  }

  async #follow(): Promise<never> {
    const { connection, onSynced, pingEveryMs } = this.#options;
    await this.#sync();
    onSynced();
    for (let round = 1; ; round += 1) {
      await delay(pingEveryMs, undefined, { signal: this.#end.signal });
      await connection.ping();
      await this.#lookAtAll(this.#retry);
      if (round % PINGS_PER_COMPARISON === 0) await this.#compare();
    }
  }

  async #sync(): Promise<void> {
    const { connection, mirror } = this.#options;
    mirror.setHidesNetworks(await connection.hidesNetworks());
    await this.#loadNetworks();
    const before = mirror.ids;
    const listed = new Set((await connection.list()).map(({ id }) => id));
    const deadline = delay(SYNC_DEADLINE_MS, undefined, { signal: this.#end.signal, ref: false });
    await Promise.race([this.#lookAtAll(listed), deadline]);
    for (const id of before) if (!listed.has(id)) mirror.remove(id);
  }

  async #loadNetworks(): Promise<void> {
    this.#options.mirror.setNetworks(await this.#options.connection.networks());
    this.#options.onChange();
  }

  /** Looks at what differs from the list, which is one call; what is not listed is gone. */
  async #compare(): Promise<void> {
    const { connection, mirror, onChange } = this.#options;
    const before = mirror.ids;
    const listed = await connection.list();
    const differing = listed.filter(({ id, name, state }) => {
      const known = mirror.get(id);
      return known === undefined || known.name !== name || known.state !== state || mirror.isDead(id);
    });
    await this.#lookAtAll(differing.map(({ id }) => id));
    const ids = new Set(listed.map(({ id }) => id));
    for (const id of before) if (!ids.has(id)) mirror.remove(id);
    onChange();
  }

  async #lookAtAll(ids: Iterable<string>): Promise<void> {
    const queue = [...ids].values();
    const runner = async (): Promise<void> => {
      for (const id of queue) await this.#look(id);
    };
    await Promise.all(Array.from({ length: PARALLEL }, runner));
  }

  /** Resolves when the mirror holds this container as it is; one look at a time, repeated when it went stale. */
  async #look(id: string): Promise<void> {
    const running = this.#looks.get(id);
    if (running !== undefined) {
      running.isStale = true;
      await running.done;
      return;
    }
    const done = Promise.withResolvers<void>();
    const look: Look = { isStale: true, isGone: false, done: done.promise };
    this.#looks.set(id, look);
    while (look.isStale && !look.isGone && !this.#end.signal.aborted) {
      look.isStale = false;
      await this.#inspect(id, look);
    }
    this.#looks.delete(id);
    done.resolve();
    this.#options.onChange();
  }

  async #inspect(id: string, look: Look): Promise<void> {
    const { connection, mirror, log } = this.#options;
    this.#retry.delete(id);
    try {
      const container = await connection.container(id);
      if (container !== undefined && mirror.needsImage(container)) {
        mirror.setImageWords(container.imageId, (await connection.imageWords(container.imageId)) ?? 'unknown');
      }
      if (look.isGone) return;
      if (container === undefined) mirror.remove(id);
      else mirror.put(container, look.isStale);
    } catch (error) {
      if (this.#end.signal.aborted) return;
      if (error instanceof TypeError) mirror.reject(id, error.message);
      else this.#retry.add(id);
      log.warn(
        { container: id.slice(0, 12), err: error },
        'a container cannot be inspected; what was known of it stays',
      );
    }
  }

  /** For work that an event asks for: when it fails, so does the connection, and a new one lists everything. */
  #inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (this.#end.signal.aborted) return;
      this.#options.log.warn({ err: error }, 'the engine did not answer; connecting again');
      this.#options.connection.close();
    });
  }
}
