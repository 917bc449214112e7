/** What happens when a deadline passes. Runs inside the wheel's tick: it may set or dispose any deadline. */
export interface DeadlineOwner {
  onDeadline(): void;
}

/** Resolution: a deadline fires up to this much late, never early. */
const TICK_MS = 200;
/** One turn of the wheel, about two minutes; what is due later is looked at once per turn. */
const SLOTS = 640;
const NEVER = Number.POSITIVE_INFINITY;

/**
 * All deadlines of a data plane on one timer. A timer per socket costs two list operations per request; here a request
 * that moves its connection's deadline writes one number, because an entry moves between slots lazily: only when its
 * slot comes round, or when it becomes due earlier than that.
 *
 *     slots  [ 0 ][ 1 ][ 2 ] ... [ 639 ]
 *                   ^ tick        each a set of deadlines that are due then or later
 */
export class DeadlineWheel {
  readonly #slots: Set<Deadline>[] = Array.from({ length: SLOTS }, () => new Set());
  readonly #timer: NodeJS.Timeout;
  readonly #onError: (error: unknown) => void;
  #tick = 0;
  #lastMs = performance.now();
  /**
   * The wheel's own clock. It stands still while the process does (suspended, or blocked): whoever was not served in that
   * time is not blamed for it.
   */
  nowMs = 0;

  /** @param onError gets what an owner threw: one bad connection must not stop the deadlines of the others */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
    this.#timer = setInterval(() => this.#advance(), TICK_MS).unref();
  }

  dispose(): void {
    clearInterval(this.#timer);
    for (const slot of this.#slots) slot.clear();
  }

  /** For `Deadline` only. */
  file(deadline: Deadline): void {
    if (deadline.filedTick !== NEVER) this.unfile(deadline);
    const due = Math.ceil(deadline.atMs / TICK_MS);
    const tick = Math.min(Math.max(due, this.#tick + 1), this.#tick + SLOTS - 1);
    deadline.filedTick = tick;
    this.#slots[tick % SLOTS]?.add(deadline);
  }

  /** For `Deadline` only. */
  unfile(deadline: Deadline): void {
    if (deadline.filedTick === NEVER) return;
    this.#slots[deadline.filedTick % SLOTS]?.delete(deadline);
    deadline.filedTick = NEVER;
  }

  /** The tick at whose beginning `atMs` has passed. */
  tickOf(atMs: number): number {
    return Math.ceil(atMs / TICK_MS);
  }

  #advance(): void {
    const realMs = performance.now();
    this.nowMs += Math.min(realMs - this.#lastMs, 2 * TICK_MS);
    this.#lastMs = realMs;
    const until = Math.floor(this.nowMs / TICK_MS);
    while (this.#tick < until) {
      this.#tick++;
      const slot = this.#slots[this.#tick % SLOTS];
      if (slot !== undefined && slot.size > 0) this.#visit(slot);
    }
  }

  #visit(slot: Set<Deadline>): void {
    const due = [...slot];
    slot.clear();
    for (const deadline of due) deadline.filedTick = NEVER;
    for (const deadline of due) {
      if (deadline.atMs === NEVER || deadline.filedTick !== NEVER) continue;
      if (deadline.atMs > this.nowMs) this.file(deadline);
      else this.#fire(deadline);
    }
  }

  #fire(deadline: Deadline): void {
    deadline.atMs = NEVER;
    try {
      deadline.owner.onDeadline();
    } catch (error) {
      this.#onError(error);
    }
  }
}

/** The one deadline of a connection; what it stands for is the owner's state. */
export class Deadline {
  readonly owner: DeadlineOwner;
  readonly #wheel: DeadlineWheel;
  /** On the wheel's clock. */
  atMs = NEVER;
  /** Where the wheel keeps it. */
  filedTick = NEVER;

  constructor(wheel: DeadlineWheel, owner: DeadlineOwner) {
    this.#wheel = wheel;
    this.owner = owner;
  }

  /** Replaces what was set before. */
  set(afterMs: number): void {
    // One tick more: the wheel's clock is up to one tick behind.
    this.atMs = this.#wheel.nowMs + afterMs + TICK_MS;
    if (this.#wheel.tickOf(this.atMs) < this.filedTick) this.#wheel.file(this);
  }

  clear(): void {
    this.atMs = NEVER;
  }

  /** Lets go of the owner. */
  dispose(): void {
    this.atMs = NEVER;
    this.#wheel.unfile(this);
  }
}
