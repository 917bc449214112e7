/** What one worker has seen of one route or one backend since it started. All increase, except `active`, which is a gauge. */
export interface Traffic {
  /** `Route.id`, `StreamRoute.id` or `Backend.id`. */
  readonly id: string;
  /** Requests, tunnels and connections under way. */
  readonly active: number;
  /** That have ended, well or not. Of a backend: attempts. */
  readonly requests: number;
  /** By the first digit of the status, 1xx to 5xx. */
  readonly statuses: StatusCounts;
  /** Of a backend: attempts that it did not answer. Of a route: requests that broke off or were answered with an error of ours. */
  readonly errors: number;
  /** Of bodies, and of what passes in tunnels. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Sum over all requests, in milliseconds: from the first byte of the request to the last of the answer. */
  readonly totalMs: number;
}

export type StatusCounts = readonly [number, number, number, number, number];

/** Adds up what several workers count of the same things. The order is that of the first mention. */
export function sumTraffic(lists: Iterable<readonly Traffic[]>): Traffic[] {
  const sums = new Map<string, Traffic>();
  for (const list of lists) {
    for (const traffic of list) {
      const sum = sums.get(traffic.id);
      sums.set(traffic.id, sum === undefined ? traffic : add(sum, traffic));
    }
  }
  return [...sums.values()];
}

function add(a: Traffic, b: Traffic): Traffic {
  const [one, two, three, four, five] = a.statuses;
  return {
    id: a.id,
    active: a.active + b.active,
    requests: a.requests + b.requests,
    statuses: [
      one + b.statuses[0],
      two + b.statuses[1],
      three + b.statuses[2],
      four + b.statuses[3],
      five + b.statuses[4],
    ],
    errors: a.errors + b.errors,
    bytesIn: a.bytesIn + b.bytesIn,
    bytesOut: a.bytesOut + b.bytesOut,
    totalMs: a.totalMs + b.totalMs,
  };
}
