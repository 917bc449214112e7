import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerView, EngineEndpoint, Log, Source, SourceState } from '@dproxy/core';
import { DrainTimers } from './drain-timers.ts';
import { EngineConnection } from './engine-connection.ts';
import type { KillEvent } from './engine-events.ts';
import { EngineMirror } from './engine-mirror.ts';
import { EngineSession } from './engine-session.ts';
import { describeTrouble } from './engine-trouble.ts';
import { reconnectDelayMs } from './reconnect-delay.ts';
import type { DiscoverySettings } from './settings.ts';

/** A compose file starts dozens of containers at once: what comes within this time is one change. */
const COALESCE_MS = 3;
/** A remote engine behind a firewall that drops packets does not hold up the start any longer. */
const START_PATIENCE_MS = 3_000;

export interface DiscoveryTiming {
  /** Deadline of each call; default 10 s, because engines are known to hang on single containers. */
  readonly callTimeoutMs: number;
  /** Default 10 s. */
  readonly pingEveryMs: number;
}

const DEFAULT_TIMING: DiscoveryTiming = { callTimeoutMs: 10_000, pingEveryMs: 10_000 };

export interface DockerDiscoveryOptions {
  readonly endpoint: EngineEndpoint;
  readonly log: Log;
  readonly settings: DiscoverySettings;
  readonly timing?: DiscoveryTiming;
}

export interface EngineStatus {
  /** Name of the endpoint. */
  readonly engine: string;
  /** `looking`: never found so far; `lost`: the routes of its last good picture stay. */
  readonly state: 'looking' | 'connected' | 'lost' | 'stopped';
  /** Why it is not connected; empty when it is. */
  readonly reason: string;
  /** The engine's version; empty before it was found. */
  readonly version: string;
  readonly containers: number;
}

/**
 * The containers of one engine as a source of routes. Without an engine it publishes nothing and keeps looking; when the
 * engine goes away, what was published stays until it is back and has been listed again.
 */
export class DockerDiscovery implements Source {
  readonly name: string;
  readonly #options: DockerDiscoveryOptions;
  readonly #timing: DiscoveryTiming;
  readonly #mirror: EngineMirror;
  readonly #drains: DrainTimers;
  readonly #stopping = new AbortController();
  readonly #settled = Promise.withResolvers<void>();
  #publish: ((state: SourceState) => void) | undefined;
  #running: Promise<void> | undefined;
  #connection: EngineConnection | undefined;
  #status: Omit<EngineStatus, 'engine' | 'containers'> = { state: 'looking', reason: 'not asked yet', version: '' };
  #publishTimer: NodeJS.Timeout | undefined;
  #publishedRevision = -1;
  #failures = 0;

  constructor(options: DockerDiscoveryOptions) {
    this.name = `docker:${options.endpoint.name}`;
    this.#options = options;
    this.#timing = options.timing ?? DEFAULT_TIMING;
    this.#mirror = new EngineMirror(options.endpoint, options.settings);
    this.#drains = new DrainTimers((kill) => this.#endDrain(kill));
  }

  /** Resolves after the first list, when the first attempt has failed, or after three seconds without either. */
  async start(publish: (state: SourceState) => void): Promise<void> {
    if (this.#running !== undefined) throw new Error(`${this.name} was started before`);
    this.#publish = publish;
    this.#running = this.#run();
    await Promise.race([this.#settled.promise, delay(START_PATIENCE_MS, undefined, { ref: false })]);
  }

  /** Publishes nothing more; does not withdraw what was published. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#connection?.close();
    clearTimeout(this.#publishTimer);
    this.#drains.stop();
    await this.#running;
  }

  status(): EngineStatus {
    return { engine: this.#options.endpoint.name, ...this.#status, containers: this.#mirror.size };
  }

  containers(): readonly ContainerView[] {
    return this.#mirror.views();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#connect();
      } catch (error) {
        this.#noteFailure(error);
      }
      this.#settled.resolve();
      await delay(reconnectDelayMs(this.#failures, Math.random()), undefined, { signal }).catch(() => undefined);
    }
    this.#status = { ...this.#status, state: 'stopped', reason: 'dproxy stops' };
  }

  /** Returns only by an error: the reason why the connection ended. */
  async #connect(): Promise<never> {
    const { endpoint, log } = this.#options;
    const connection = await EngineConnection.open(endpoint, this.#timing.callTimeoutMs);
    this.#connection = connection;
    if (this.#stopping.signal.aborted) connection.close();
    const version = await connection.version();
    const session = new EngineSession({
      connection,
      mirror: this.#mirror,
      log,
      pingEveryMs: this.#timing.pingEveryMs,
      onSynced: () => this.#noteSynced(version),
      onChange: () => this.#schedulePublish(),
      onDrain: (kill, forMs) => this.#drains.begin(kill, forMs),
    });
    return await session.run();
  }

  #noteSynced(version: string): void {
    this.#failures = 0;
    this.#status = { state: 'connected', reason: '', version };
    const containers = this.#mirror.size;
    this.#options.log.info(
      { engine: this.#options.endpoint.name, version, containers },
      'connected to the Docker engine',
    );
    this.#publishNow();
    this.#settled.resolve();
  }

  #endDrain(kill: KillEvent): void {
    if (!this.#mirror.endDrain(kill)) return;
    const name = this.#mirror.get(kill.id)?.name;
    if (this.#mirror.get(kill.id)?.state === 'running')
      this.#options.log.info(
        { container: name },
        'a container still runs after it was told to end; it takes requests again',
      );
    this.#schedulePublish();
  }

  #noteFailure(error: unknown): void {
    if (this.#stopping.signal.aborted) return;
    const { endpoint, log } = this.#options;
    const reason = describeTrouble(error, endpoint);
    const { state, reason: before, version } = this.#status;
    this.#failures += 1;
    this.#status = { state: version === '' ? 'looking' : 'lost', reason, version };
    // An engine that stays away is news once, not every five seconds.
    const isNews = state === 'connected' || reason !== before;
    log[isNews ? 'warn' : 'debug']({ engine: endpoint.name, err: error }, `no Docker engine: ${reason}`);
  }

  /** Not while the mirror is still half old, half new: then `#noteSynced` publishes it whole. */
  #schedulePublish(): void {
    if (this.#status.state !== 'connected' || this.#publishTimer !== undefined) return;
    this.#publishTimer = setTimeout(() => {
      this.#publishTimer = undefined;
      this.#publishNow();
    }, COALESCE_MS);
  }

  #publishNow(): void {
    if (this.#stopping.signal.aborted || this.#mirror.revision === this.#publishedRevision) return;
    this.#publishedRevision = this.#mirror.revision;
    this.#publish?.(this.#mirror.state());
  }
}
