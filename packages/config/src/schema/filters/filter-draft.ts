import type { Filter } from '@dproxy/core';
import type { Target } from '../upstream-url.ts';

/** A filter as it was written. Its own backends (of error pages and mirrors) are still addresses. */
export interface FilterDraft {
  readonly filter: Filter;
  readonly targets: readonly Target[];
  /** Of these targets. */
  readonly tlsVerify: boolean;
}

/** A named list of filters stands here. */
export interface UsedList {
  readonly use: string;
}

/** One entry of a list of filters. */
export type FilterEntry = FilterDraft | UsedList;

export function draftOf(filter: Filter, targets: readonly Target[] = [], tlsVerify = true): FilterDraft {
  return { filter, targets, tlsVerify };
}
