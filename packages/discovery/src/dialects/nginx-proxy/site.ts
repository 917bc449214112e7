import type { LabelProblem } from '../dialect.ts';
import type { Location } from './location.ts';
import type { ServerName } from './server-name.ts';

/** How VIRTUAL_PROTO is spoken here. */
export type SiteProtocol = 'http' | 'https' | 'h2c' | 'h2';

/** One host and one path of a container: a `server` and a `location` in nginx's words. */
export interface Site {
  readonly name: ServerName;
  readonly location: Location;
  /** Undefined: the only one that the container has, else 80. */
  readonly port: number | undefined;
  readonly protocol: SiteProtocol;
  /** VIRTUAL_DEST: what the location's part of the path becomes; empty: stays. */
  readonly dest: string;
  /** Instead of 80 and 443; 0: as usual. */
  readonly httpPort: number;
  readonly httpsPort: number;
}

export interface SiteReading {
  readonly sites: readonly Site[];
  readonly problems: readonly LabelProblem[];
}

/** More is a mistake or an attack: each becomes a route. */
export const MAX_SITES = 1_024;
/** Bytes are what an attacker has plenty of; the longest real value is some kilobytes. */
export const MAX_VALUE = 65_536;
