import type { OpenLoop } from '../load/open-loop.ts';
import type { Site } from '../site.ts';

export interface Round {
  readonly site: Site;
  readonly load: OpenLoop;
  /** From 0. */
  readonly number: number;
}

/** Something that happens to a site. */
export interface Disturbance {
  readonly name: string;
  /** True: workers leave, so connections that do not end by themselves are cut at the deadline of the drain. */
  readonly endsWorkers: boolean;
  /** How often in `npm test` (0: another suite does) and in `npm run test:long`. */
  readonly times: { readonly sample: number; readonly long: number };
  /** Once; resolves when everything is again as it was. */
  disturb(round: Round): Promise<void>;
}
