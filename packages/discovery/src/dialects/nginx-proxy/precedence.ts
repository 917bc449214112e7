import type { Location } from './location.ts';
import type { ServerName } from './server-name.ts';

/*
 * nginx chooses the server by the host first, then the location by the path. In the words of the route table:
 *
 *   VIRTUAL_HOST           host           condition           the greatest priority first
 *   app.example.com        as it is
 *   *.example.com          as it is
 *   app.example.*          *              ^app\.example\..+$  2e9, the longer first
 *   ~^app\d+               *              the pattern         1e9, in the order of the alphabet
 *   DEFAULT_HOST           *                                  negative: after everything
 *
 *   VIRTUAL_PATH           path           condition
 *   = /api                 exact                              30,000
 *   ^~ /api                prefix                             20,000, the longer first
 *   ~ ^/(a|b)/             /              the pattern         10,000, in the order of the alphabet
 *   /api                   prefix                             0: the longer first
 *
 * One thing differs: nginx lets `^~ /api` beat a pattern only where no longer plain prefix matches, here it always does.
 */
const EXACT = 30_000;
const FINAL_PREFIX = 20_000;
const PATH_PATTERN = 10_000;
const MAX_RANK = 9_999;
/** Of one server name; more than any priority of a path. */
const STEP = 100_000;
const TRAILING = 2_000_000_000;
const HOST_PATTERN = 1_000_000_000;
const DEFAULT_SERVER = -STEP;

/**
 * Where a pattern stands among all of its kind, from 0: nginx-proxy writes them in the order of the alphabet, and nginx takes the
 * first that matches.
 */
export interface Ranks {
  readonly serverNames: ReadonlyMap<string, number>;
  readonly locations: ReadonlyMap<string, number>;
}

export function priorityOf(name: ServerName, location: Location, ranks: Ranks): number {
  const ofPath = locationPriority(location, ranks);
  if (name.type === 'hosts') return ofPath;
  // Beside routes of other hosts nothing may be left to the route table's own reckoning.
  const explicit = ofPath === 0 ? lengthOf(location) : ofPath;
  if (name.type === 'trailing') return TRAILING + name.text.length * STEP + explicit;
  return HOST_PATTERN + rankOf(ranks.serverNames, name.text) * STEP + explicit;
}

/** For a server that answers what nobody else does. */
export function defaultPriority(location: Location, ranks: Ranks): number {
  return DEFAULT_SERVER + (locationPriority(location, ranks) || lengthOf(location));
}

/** For the answer where no location of the same server matches: below all of them. */
export function rootPriority(ofSite: number): number {
  return Math.floor(ofSite / STEP) * STEP || -1;
}

function locationPriority(location: Location, ranks: Ranks): number {
  switch (location.type) {
    case 'exact':
      return EXACT;
    case 'pattern':
      return PATH_PATTERN + rankOf(ranks.locations, location.text);
    case 'prefix':
      return location.isFinal ? FINAL_PREFIX + lengthOf(location) : 0;
    default:
      return location satisfies never;
  }
}

function lengthOf(location: Location): number {
  return location.type === 'pattern' ? 0 : Math.min(location.path.length, MAX_RANK);
}

/** The first of the alphabet has the highest. */
function rankOf(ranks: ReadonlyMap<string, number>, text: string): number {
  return Math.max(0, MAX_RANK - (ranks.get(text) ?? MAX_RANK));
}
