import { canonicalJson, type Backend, type HealthTarget, type HealthVerdict, type Log } from '@dproxy/core';
import { askBackend } from './ask-backend.ts';
import { CheckState } from './check-state.ts';
import type { Finding, Probe } from './probe.ts';

/** Checks under way at the same time: 10,000 backends must not need 10,000 sockets. */
const MAX_RUNNING = 128;
/** Share of a pause by which checks are spread, so that those that began together do not stay together. */
const SPREAD = 0.1;

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
  readonly state: CheckState;
  finding: Finding;
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
      wanted.add(key);
      if (!this.#watched.has(key)) this.#watch(key, target);
    }
    for (const [key, watched] of this.#watched) if (!wanted.has(key)) this.#forget(key, watched);
    this.#isFirst = false;
    this.#judge();
  }

  stop(): void {
    this.#stopping.abort();
    for (const watched of this.#watched.values()) clearTimeout(watched.timer);
    this.#watched.clear();
  }

  #watch(key: string, target: HealthTarget): void {
    const isKnown = this.#isFirst && this.#options.wasReady?.(target.backend) === true;
    const state = new CheckState(target.check, isKnown);
    const watched: Watched = { target, state, finding: '', timer: undefined, isGone: false };
    this.#watched.set(key, watched);
    this.#enqueue(watched);
  }

  #forget(key: string, watched: Watched): void {
    watched.isGone = true;
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
    const isChanged = watched.state.note(finding);
    const pauseMs = watched.state.nextPauseMs() * (1 - SPREAD * Math.random());
    watched.timer = setTimeout(() => this.#enqueue(watched), pauseMs);
    watched.timer.unref();
    if (isChanged) this.#tell(watched);
    if (isChanged || (isOther && watched.state.state !== 'healthy')) this.#publish();
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
    this.#judge();
    this.#options.onChange();
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

function verdictOf(target: HealthTarget, state: HealthVerdict['state'], finding: Finding): HealthVerdict {
  const found = finding === '' ? '' : `: ${finding}`;
  const words = state === 'unhealthy' ? 'its health check fails' : 'its health check has not passed yet';
  return { state, reason: `${words} (${describeCheck(target)})${found}` };
}

function describeCheck({ check, backend }: HealthTarget): string {
  const port = check.port === 0 ? backend.port : check.port;
  if (check.type === 'http') return `${check.method} ${check.path} on port ${port}`;
  return `${check.type === 'tcp' ? 'TCP' : 'gRPC'} on port ${port}`;
}

function keyOf({ backend, check }: HealthTarget): string {
  const { id, address, port, protocol, tlsVerify } = backend;
  return canonicalJson([id, address, port, protocol, tlsVerify, check]);
}
