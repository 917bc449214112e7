import type { Filter } from '@dproxy/core';
import type { Section } from '../section.ts';

/** What a middleware does to a request. */
export interface Effect {
  readonly filters: readonly Filter[];
  /** `strict-transport-security` of answers over HTTPS; empty: none. */
  readonly hsts: string;
}

export const NOTHING: Effect = { filters: [], hsts: '' };

/** Reads one type of middleware; what it finds wrong is in the section's report. */
export type EffectReader = (section: Section) => Effect;

export function effectOf(...filters: readonly Filter[]): Effect {
  return { filters, hsts: '' };
}
