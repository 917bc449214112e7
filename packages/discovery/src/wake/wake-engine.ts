import type { CpuSample } from '../sleep/idle-cpu.ts';

/** A container at one moment, as `GET /containers/<id>/json` tells it. */
export interface SeenContainer {
  readonly id: string;
  readonly state: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';
  readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy';
  /** Of its last end. */
  readonly exitCode: number;
  /** By the clock of the engine, epoch milliseconds; 0: never. */
  readonly startedMs: number;
  /** Likewise: its last end, also while it runs again. */
  readonly endedMs: number;
  /** How often the engine itself has started it anew since somebody started it. */
  readonly restarts: number;
  /** How long it has to end before it is killed; infinite where it has no limit. */
  readonly stopTimeoutMs: number;
  /** Its output comes as it is, not in frames. */
  readonly hasTerminal: boolean;
  /** Id of the container whose network it uses; empty: none. */
  readonly networkOf: string;
  /** Compose project; empty: none. */
  readonly project: string;
  /** Networks with a name that it is to be in. */
  readonly networks: readonly WantedNetwork[];
}

export type LoggedContainer = Pick<
  SeenContainer,
  'id' | 'state' | 'hasTerminal' | 'startedMs' | 'endedMs' | 'restarts'
>;

export interface WantedNetwork {
  readonly name: string;
  /** Of the network that the container remembers; empty: any of that name will do. */
  readonly id: string;
  /** False: it is named as the container's own, but the container was taken out of it. */
  readonly isJoined: boolean;
  /** What others in it call the container. */
  readonly aliases: readonly string[];
}

/** What waking and idle stop do to one engine. Every call ends: with an answer, at its deadline, or with `close`. */
export interface WakeEngine {
  /** Undefined: there is no such container any more. @throws WakeTrouble */
  look(id: string): Promise<SeenContainer | undefined>;
  /**
   * Joins its networks as far as that is needed, then starts it. `ran` says that it ran before: what runs may be about to end.
   * @throws WakeTrouble
   */
  start(container: SeenContainer): Promise<'started' | 'ran'>;
  /** One that is not paused is left as it is. @throws WakeTrouble */
  unpause(id: string): Promise<void>;
  /** Likewise. @throws WakeTrouble */
  pause(id: string): Promise<void>;
  /** Asks it to end, with its own stop signal and stop time-out; resolves when it has. @throws WakeTrouble */
  stop(id: string): Promise<void>;
  /** What it has used of the CPUs; undefined: it does not run, or the engine does not say. @throws WakeTrouble */
  cpu(id: string): Promise<CpuSample | undefined>;
  /**
   * The end of what its log has of its last start, at most 20 lines of at most 200 characters; none where the engine does not say.
   * @throws WakeTrouble
   */
  lastLines(container: LoggedContainer, count: number): Promise<readonly string[]>;
  close(): void;
}
