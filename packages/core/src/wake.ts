/**
 * Containers that sleep and wake together, as workers need to know of them: a compose project, a group that labels name, or one
 * container. Part of the Snapshot while a route or a stream names it.
 */
export interface WakeGroup {
  /** `<source>/project:<name>`, `<source>/group:<name>` or `<source>/container:<name>`; source as in `Origin`. */
  readonly id: string;
  /** What people call it. */
  readonly name: string;
  /** False: a request does not start it, and is told so (406). */
  readonly autostart: boolean;
  /** How long a request waits for it, in milliseconds. */
  readonly timeoutMs: number;
  /** `page`: a browser that asks for a document gets the waiting page; `hold`: it waits like everybody else. */
  readonly browsers: 'page' | 'hold';
  /** Name of the waiting page's theme; empty: the default one. */
  readonly theme: string;
}

/** The same with what only the primary needs: who belongs to it, and when it may sleep. */
export interface WakePlan extends WakeGroup {
  /** All that it goes by, as in `id` behind the source; a group of several names has one id. */
  readonly keys: readonly string[];
  readonly members: readonly WakeMember[];
  /** Milliseconds without use after which it is put to sleep; 0: never. */
  readonly idleMs: number;
  readonly method: 'stop' | 'pause';
  /** When it is kept awake; none: whenever it is used. */
  readonly awake: readonly AwakeTime[];
  /** A member that uses more than this share of one CPU, in percent, is in use; 0: CPU is not looked at. */
  readonly busyCpuPercent: number;
  /** Asked of its backends with GET before it is put to sleep: a status of 200-299 says that it is in use. Empty: nobody is asked. */
  readonly probePath: string;
  /** False: when somebody else stopped it, a request does not start it. */
  readonly afterManualStop: boolean;
  /** The last lines of its log are shown to those who wait. */
  readonly showsLog: boolean;
}

/** A time of the week, in hours of a time zone. */
export interface AwakeTime {
  /** 0 (Sunday) to 6: days on which it begins. */
  readonly days: readonly number[];
  /** Minutes since midnight, 0-1439. */
  readonly from: number;
  /** 1-1440; not more than `from`: on the next day. */
  readonly to: number;
  /** IANA name; empty: that of the machine. */
  readonly timeZone: string;
}

/** A container of a group, as its engine last told. */
export interface WakeMember {
  readonly containerId: string;
  readonly name: string;
  /** Name within its compose project; empty: none. */
  readonly service: string;
  readonly state: 'running' | 'paused' | 'stopped' | 'removing';
  readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy';
  /** Of its last end; 0 while it runs or when it was never started. */
  readonly exitCode: number;
  /** By the clock of the engine, epoch milliseconds; 0: never. */
  readonly startedMs: number;
  /** Milliseconds from its start until it counts as ready, where no health check says so; 0: at once. */
  readonly readyAfterMs: number;
  /** Its addresses of now, and ports of the engine's host that pass TCP on to it: what somebody who knows no name writes in a URL. */
  readonly addresses: readonly string[];
  readonly hostPorts: readonly number[];
  /** Services of the same project that come first. */
  readonly dependsOn: readonly WakeDependency[];
  /** Whose place it is about to take, while that runs: it serves meanwhile, and may have the port that this one needs. Absent: nobody's. */
  readonly predecessor?: Pick<WakeMember, 'containerId' | 'name' | 'health' | 'startedMs' | 'addresses' | 'hostPorts'>;
}

export interface WakeDependency {
  readonly service: string;
  readonly condition: 'started' | 'healthy' | 'completed';
  /** False: it may be missing. */
  readonly required: boolean;
}

/** What the primary tells workers of a group that is being woken, or will not be. The last word on a group holds. */
export interface WakeProgress {
  readonly group: string;
  /**
   * - `waking`: it is being started
   * - `awake`: all of it runs; requests go on as soon as the table has somebody ready
   * - `failed`: it could not be started, or did not become ready
   * - `refused`: it is not started, because of a budget, a stop by hand, or an engine that is away
   */
  readonly state: 'waking' | 'awake' | 'failed' | 'refused';
  /**
   * Of `refused`: only this client is, as the worker named it; others who wait for the group are not meant. Absent: all are.
   */
  readonly client?: string;
  /** One sentence for those who wait: no detail of the inside. */
  readonly message: string;
  /** When trying again may help, in seconds; 0: at once. */
  readonly retryAfterS: number;
  /** At most 32, in the order of their start. */
  readonly steps: readonly WakeStep[];
  /** Last lines of its log, at most 20 of at most 200 characters; empty unless the plan shows them. */
  readonly log: readonly string[];
}

export interface WakeStep {
  /** Service or container. */
  readonly name: string;
  readonly state: 'waiting' | 'starting' | 'running' | 'ready' | 'failed';
}

/** How much one worker has to do for a group. */
export interface GroupActivity {
  readonly group: string;
  /** Requests under way, tunnels and connections; waiting ones, too. */
  readonly open: number;
  /** Milliseconds since a request or connection last began or ended, or a byte passed; 0 while one that is open is not silent. */
  readonly idleMs: number;
}
