import { canonicalJson, type Backend, type HealthTarget, type HealthVerdict, type Log } from '@dproxy/core';
import { askBackend } from './ask-backend.ts';
import { CheckState } from './check-state.ts';
import type { Finding, Probe } from './probe.ts';
import { ReadinessState } from './readiness-state.ts';

/** Checks under way at the same time: 10,000 backends must not need 10,000 sockets. */
const MAX_RUNNING = 128;
/** Share of a pause by which checks are spread, so that those that began together do not stay together. */
const SPREAD = 0.1;
/** Each change makes a table of all backends. While many wait for their turn, changes are told together, at the latest after this. */
const MAX_HELD_MS = 500;
const HELD_POLL_MS = 20;

export interface HealthMonitorOptions {
  readonly log: Log;
  /** A verdict has come, changed or gone. */
  readonly onChange: () => void;
  /** Whether it served under the primary before this one: it goes on until a check fails. Asked for the first targets only. */
  readonly wasReady?: (backend: Backend) => boolean;
  readonly probe?: Probe;
}

interface Watched {
  readonly target: HealthTarget;
  readonly state: CheckState | ReadinessState;
  finding: Finding;
  isAsked: boolean;
  timer: NodeJS.Timeout | undefined;
  isGone: boolean;
}

/** Asks backends whether they work, in the primary alone: what it finds reaches workers with the table. */
export class HealthMonitor {
  readonly #options: HealthMonitorOptions;
  readonly #probe: Probe;
  readonly #stopping = new AbortController();
  readonly #watched = new Map<string, Watched>();
  readonly #due: Watched[] = [];
  #running = 0;
  #isFirst = true;
  #telling: NodeJS.Timeout | undefined;
  #unasked = 0;
  #whenAsked = Promise.withResolvers<void>();
  #verdicts: ReadonlyMap<string, HealthVerdict> = new Map();

  constructor(options: HealthMonitorOptions) {
    this.#options = options;
    this.#probe = options.probe ?? askBackend;
  }

  /** By backend id. A new map with each change. */
  get verdicts(): ReadonlyMap<string, HealthVerdict> {
    return this.#verdicts;
  }

  /**
   * From now on these are checked and no others. A backend that is new, or whose address or check has changed, has not passed
   * yet; `onChange` is not called for that: read `verdicts` after this call.
   */
  follow(targets: Iterable<HealthTarget>): void {
    const wanted = new Set<string>();
    for (const target of targets) {
      const key = keyOf(target);
      const known = this.#watched.get(key);
      if (isOver(target, known)) continue;
      wanted.add(key);
      if (known === undefined) this.#watch(key, target);
    }
    for (const [key, watched] of this.#watched) if (!wanted.has(key)) this.#forget(key, watched);
    this.#isFirst = false;
    this.#judge();
  }

  /** Resolves when everybody who is followed has been asked once, or need not be. */
  async whenAsked(): Promise<void> {
    if (this.#unasked > 0) await this.#whenAsked.promise;
  }

  stop(): void {
    this.#stopping.abort();
    clearTimeout(this.#telling);
    this.#whenAsked.resolve();
    for (const watched of this.#watched.values()) clearTimeout(watched.timer);
    this.#watched.clear();
  }

  #watch(key: string, target: HealthTarget): void {
    const isKnown = this.#isFirst && this.#options.wasReady?.(target.backend) === true;
    const state = isReadiness(target) ? new ReadinessState(isKnown) : new CheckState(target.check, isKnown);
    const isAsked = isKnown && isReadiness(target);
    const watched: Watched = { target, state, finding: '', isAsked, timer: undefined, isGone: false };
    this.#watched.set(key, watched);
    if (isAsked) return;
    const earlyMs = earlyMsOf(target);
    if (earlyMs > 0) return this.#wait(watched, earlyMs);
    this.#unasked++;
    this.#enqueue(watched);
  }

  /** Nobody waits for its first question: it may be far away. */
  #wait(watched: Watched, pauseMs: number): void {
    watched.isAsked = true;
    watched.timer = setTimeout(() => this.#enqueue(watched), pauseMs).unref();
  }

  #forget(key: string, watched: Watched): void {
    watched.isGone = true;
    this.#noteAsked(watched);
    clearTimeout(watched.timer);
    this.#watched.delete(key);
  }

  #enqueue(watched: Watched): void {
    this.#due.push(watched);
    this.#begin();
  }

  #begin(): void {
    while (this.#running < MAX_RUNNING && !this.#stopping.signal.aborted) {
      const next = this.#due.shift();
      if (next === undefined) return;
      if (next.isGone) continue;
      this.#running++;
      void this.#check(next).finally(() => {
        this.#running--;
        this.#begin();
      });
    }
  }

  async #check(watched: Watched): Promise<void> {
    const finding = await this.#probe(watched.target, this.#stopping.signal);
    if (watched.isGone || this.#stopping.signal.aborted) return;
    const isOther = watched.finding !== finding;
    watched.finding = finding;
    const { state } = watched;
    const isChanged = state.note(finding);
    this.#plan(watched);
    if (state instanceof ReadinessState) this.#tellReadiness(watched, state);
    else if (isChanged) this.#tell(watched);
    if (isChanged || (isOther && state.state !== 'healthy')) this.#publish();
    this.#noteAsked(watched);
  }

  #plan(watched: Watched): void {
    const pauseMs = watched.state.nextPauseMs();
    if (pauseMs === undefined) return;
    watched.timer = setTimeout(() => this.#enqueue(watched), pauseMs * (1 - SPREAD * Math.random()));
    watched.timer.unref();
  }

  #noteAsked(watched: Watched): void {
    if (watched.isAsked) return;
    watched.isAsked = true;
    this.#unasked--;
    if (this.#unasked > 0) return;
    this.#whenAsked.resolve();
    this.#whenAsked = Promise.withResolvers();
  }

  #tellReadiness({ target: { backend }, finding }: Watched, state: ReadinessState): void {
    const { id, name, port } = backend;
    const facts = { backend: id, name, port };
    if (state.state === 'healthy') this.#options.log.debug(facts, 'a backend listens');
    else if (state.isLate)
      this.#options.log.warn({ ...facts, finding }, 'a container runs, but nobody listens on its port');
  }

  #tell({ target, state, finding }: Watched): void {
    const { backend } = target;
    const isHealthy = state.state === 'healthy';
    this.#options.log[isHealthy ? 'info' : 'warn'](
      { backend: backend.id, name: backend.name, check: describeCheck(target), finding },
      isHealthy ? 'a backend passes its health check' : 'a backend fails its health check',
    );
  }

  #publish(): void {
    if (this.#telling !== undefined) return;
    const startedMs = performance.now();
    const tell = (): void => {
      const isHeld = this.#due.length > 0 && performance.now() - startedMs < MAX_HELD_MS;
      this.#telling = isHeld ? setTimeout(tell, HELD_POLL_MS).unref() : undefined;
      if (isHeld) return;
      this.#judge();
      this.#options.onChange();
    };
    this.#telling = setTimeout(tell, 1).unref();
  }

  #judge(): void {
    const verdicts = new Map<string, HealthVerdict>();
    for (const { target, state, finding } of this.#watched.values()) {
      if (state.state === 'healthy' || verdicts.get(target.backend.id)?.state === 'unhealthy') continue;
      verdicts.set(target.backend.id, verdictOf(target, state.state, finding));
    }
    this.#verdicts = verdicts;
  }
}

/** How long it is not asked yet. The clock of the engine may be another one: what we saw ourselves is enough. */
function earlyMsOf({ startedMs = 0, afterMs = 0 }: HealthTarget): number {
  return Math.min(afterMs, startedMs + afterMs - Date.now());
}

function isReadiness({ startedMs }: HealthTarget): boolean {
  return startedMs !== undefined;
}

/** Who was told to end after it listened is asked again when it goes on; who had not yet does not by being told to end. */
function isOver(target: HealthTarget, known: Watched | undefined): boolean {
  const hasListened = known === undefined || known.state.state === 'healthy';
  return isReadiness(target) && target.backend.state === 'draining' && hasListened;
}

function verdictOf(target: HealthTarget, state: HealthVerdict['state'], finding: Finding): HealthVerdict {
  const found = finding === '' ? '' : `: ${finding}`;
  if (isReadiness(target)) {
    return { state, reason: finding === '' ? unknownYet(target) : notYet(target.backend.port) + found };
  }
  const words = state === 'unhealthy' ? 'its health check fails' : 'its health check has not passed yet';
  return { state, reason: `${words} (${describeCheck(target)})${found}` };
}

function unknownYet({ backend: { port }, afterMs = 0 }: HealthTarget): string {
  if (afterMs > 0) return `it takes no requests within ${afterMs / 1_000} s of its start: wake.readyAfter`;
  return `whether it listens on port ${port} is being asked`;
}

function notYet(port: number): string {
  return `it does not listen on port ${port} yet`;
}

function describeCheck({ check, backend }: HealthTarget): string {
  const port = check.port === 0 ? backend.port : check.port;
  if (check.type === 'http') return `${check.method} ${check.path} on port ${port}`;
  return `${check.type === 'tcp' ? 'TCP' : 'gRPC'} on port ${port}`;
}

/** Of readiness there may be one for each container, so its key is made of little. */
function keyOf({ backend, check, startedMs }: HealthTarget): string {
  const { id, address, port, protocol, tlsVerify } = backend;
  if (startedMs !== undefined) return `${id} ${address} ${port} ${startedMs}`;
  return canonicalJson([id, address, port, protocol, tlsVerify, check]);
}
