/** What a caller of the container API may choose; all else of a container is fixed. */
export interface ContainerOrder {
  /** Fully qualified, without a tag (`qualifyImage`). */
  readonly image: string;
  readonly tag: string;
  /** One label of a host name; empty: one is chosen. */
  readonly name: string;
  /** Name of an endpoint; empty: the first one. */
  readonly engine: string;
}

export interface PullProgress {
  readonly layers: number;
  readonly finishedLayers: number;
  /** Of the layers whose size is known so far. */
  readonly bytes: number;
  readonly totalBytes: number;
}

/**
 *     pulling -> creating -> starting -> running -> stopped
 *        '-----------+----------+-> failed
 *
 * `stopped` ones are removed by the engine, and can be made anew by their name. `created` is one that could be neither started nor
 * removed. `unknown`: its engine does not answer.
 */
export type MadeState =
  | 'pulling'
  | 'creating'
  | 'starting'
  | 'created'
  | 'running'
  | 'paused'
  | 'stopped'
  | 'failed'
  | 'unknown';

/** A container that the container API made, or is making. */
export interface MadeContainer {
  readonly name: string;
  /** Empty before it is created. */
  readonly id: string;
  readonly image: string;
  readonly tag: string;
  readonly engine: string;
  readonly state: MadeState;
  /** Of the last pull; null when the image was there. */
  readonly pull: PullProgress | null;
  /** Why it failed; else empty. */
  readonly problem: string;
}

/**
 * - `forbidden`: not allowed by the settings
 * - `unknown`: no container of that name or id was made here
 * - `conflict`: the name is taken, or something is being done with it now
 * - `budget`: too many, or too often
 * - `engine`: the engine, or the registry behind it, cannot do it
 * - `unreachable`: the engine does not answer
 */
export type MakerProblem = 'forbidden' | 'unknown' | 'conflict' | 'budget' | 'engine' | 'unreachable';

/** `message` is a sentence for the caller and holds nothing that an engine or a registry said; that is in `cause`, for the log. */
export class MakerError extends Error {
  override readonly name = 'MakerError';
  readonly problem: MakerProblem;
  /** When the budget allows the next; 0: that cannot be said. */
  readonly retryAfterMs: number;

  constructor(problem: MakerProblem, message: string, options: ErrorOptions & { readonly retryAfterMs?: number } = {}) {
    super(message, options);
    this.problem = problem;
    this.retryAfterMs = options.retryAfterMs ?? 0;
  }
}

/**
 * The port through which the admin API makes containers, and starts, stops and removes those that it made and no others.
 * `ref` is a name or an id. All but `list` reject with a MakerError.
 */
export interface ContainerMaker {
  list(): Promise<readonly MadeContainer[]>;
  /** `make` and `start` resolve when it runs, or after 15 s with the state so far. */
  make(order: ContainerOrder): Promise<MadeContainer>;
  /** Makes a stopped one anew, of the same image and with the same name. */
  start(ref: string): Promise<MadeContainer>;
  stop(ref: string): Promise<MadeContainer>;
  /** What is under way is given up first. */
  remove(ref: string): Promise<MadeContainer>;
}

export interface ContainerPlan {
  readonly name: string;
  /** Fully qualified, with its tag. */
  readonly reference: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly memoryBytes: number;
  readonly maxProcesses: number;
}

/** The calls that change something on one engine. Implemented by @dproxy/discovery. All reject with a MakerError. */
export interface ContainerEngine {
  hasImage(reference: string): Promise<boolean>;
  /** Resolves when the image is there. Ends early when `signal` aborts, or when nothing moves any more. */
  pull(
    image: string,
    tag: string,
    options: { readonly onProgress: (progress: PullProgress) => void; readonly signal: AbortSignal },
  ): Promise<void>;
  /** @returns the id */
  create(plan: ContainerPlan): Promise<string>;
  start(id: string): Promise<void>;
  /** One that is stopped or gone is fine, here and with `remove`. */
  stop(id: string): Promise<void>;
  remove(id: string): Promise<void>;
  /** The engine's word for the state of each container with this label, by id. */
  labelled(label: string, value: string): Promise<ReadonlyMap<string, string>>;
  /** Cuts everything. */
  close(): void;
}
