import type { Rejection } from './rejection.ts';
import type { RouteDefinition } from './route.ts';
import type { StreamDefinition } from './stream.ts';
import type { WakePlan } from './wake.ts';

/** What one source (an engine, a file) says at one moment: the whole, not a change. */
export interface SourceState {
  /** As in `Origin.source`. */
  readonly source: string;
  readonly definitions: readonly RouteDefinition[];
  /** Default none. */
  readonly streams?: readonly StreamDefinition[];
  /** Those that its definitions and streams name. Default none. */
  readonly wakePlans?: readonly WakePlan[];
  readonly rejected: readonly Rejection[];
}

/**
 * A port for whatever knows routes. It publishes its state whenever that changes and keeps its last good one through
 * trouble; `start` resolves when the first state is published or when it is clear that there will be none soon.
 */
export interface Source {
  readonly name: string;
  start(publish: (state: SourceState) => void): Promise<void>;
  stop(): Promise<void>;
}
