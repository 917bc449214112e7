/** Who of several backends is next. One per route and worker; what it knows is passed on to the next Snapshot's. */
export interface Balancer<T> {
  /** How many choices there are in one round; 0: none at all. */
  readonly length: number;
  /**
   * @param exclude ids of backends that are not wanted
   * @param key of the request, for those that go by it; empty: it has none
   * @returns undefined when there is none left
   */
  next(exclude?: ReadonlySet<string>, key?: string): T | undefined;
}

/** What this worker knows of a backend at the moment. */
export interface Load {
  /** Requests that it has to answer yet. */
  readonly active: number;
  /** Moving average of the time until an answer begins; 0: it has not answered yet. */
  responseMs(): number;
}
