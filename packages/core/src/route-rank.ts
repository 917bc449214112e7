import type { PathMatch } from './condition.ts';
import type { RoutePattern } from './route-match.ts';
import { rulePriority } from './rule-priority.ts';

type Key = (route: RoutePattern) => number;

/**
 * What decides among the routes of one host pattern, the first that differs: the higher number comes first. After the priority
 * always what asks for more, and what was asked for by name before local names.
 */
const RANK_KEYS: readonly { readonly key: Key; readonly reason: string }[] = [
  { key: effectivePriority, reason: 'has the higher priority' },
  { key: ({ path }) => path.length, reason: 'has the longer path' },
  {
    key: ({ audience }) => Number(audience === 'everyone'),
    reason: 'was asked for by name, and comes before a local name',
  },
  { key: ({ pathMatch }) => NARROWNESS[pathMatch], reason: 'takes fewer paths' },
  { key: ({ condition }) => Number(condition !== null), reason: 'has a condition' },
  { key: ({ listeners }) => Number(listeners.length > 0), reason: 'names its listeners' },
];

const NARROWNESS: Readonly<Record<PathMatch, number>> = { prefix: 0, segments: 1, exact: 2 };

function effectivePriority({ priority, host, path }: RoutePattern): number {
  return priority === 0 ? rulePriority(host, path) : priority;
}

/** The order of the routes of one host pattern. The id, which is unique, makes it the same every time. */
export function byRank(a: RoutePattern, b: RoutePattern): number {
  for (const { key } of RANK_KEYS) {
    const difference = key(b) - key(a);
    if (difference !== 0) return difference;
  }
  return a.id < b.id ? -1 : Number(a.id > b.id);
}

/** Why `first` comes before `second`, of the same host pattern. */
export function rankReason(first: RoutePattern, second: RoutePattern): string {
  const decisive = RANK_KEYS.find(({ key }) => key(first) !== key(second));
  if (decisive === undefined) return 'asks for as much, and its id comes first';
  if (decisive.key !== effectivePriority) return decisive.reason;
  // Without own priorities the number stands for the length of the path.
  if (first.priority === 0 && second.priority === 0) return 'has the longer path';
  return `${decisive.reason}: ${effectivePriority(first)} against ${effectivePriority(second)}`;
}
