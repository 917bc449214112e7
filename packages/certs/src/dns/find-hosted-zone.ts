import { IssueError } from '../ports.ts';
import type { TxtRecord } from './dns-provider.ts';
import { suffixesOf } from './wire/name.ts';
import type { HostedZone, ZoneMemory } from './zone-memory.ts';

/** A name has at most 127 labels; nobody nests zones that deep, and every label is a call. */
const MAX_CALLS = 12;

/**
 * The zone of the record among those that the provider has: the one that the DNS names, else the longest that the name ends with.
 * Not asked for are single labels, and names such as `_acme-challenge.example.com` (the DNS would have named such a zone), which some
 * APIs refuse as malformed.
 * @throws IssueError when there is none
 */
export async function findHostedZone(
  { name, zone: named }: Pick<TxtRecord, 'name' | 'zone'>,
  {
    title,
    zones,
    advice,
    ask,
  }: {
    readonly title: string;
    readonly zones: ZoneMemory;
    readonly advice: string;
    readonly ask: (name: string) => Promise<HostedZone | undefined>;
  },
): Promise<HostedZone> {
  const suffixes = suffixesOf(name)
    .filter((suffix) => suffix.includes('.') && !suffix.startsWith('_'))
    .slice(-MAX_CALLS);
  const candidates = [...new Set(named === '' ? suffixes : [named, ...suffixes])];
  for (const candidate of candidates) {
    // oxlint-disable-next-line no-await-in-loop -- the first that exists
    const zone = await zones.of(candidate, ask);
    if (zone !== undefined) return zone;
  }
  const message = `${title} has no zone for ${name} (asked for ${candidates.join(', ')})`;
  throw new IssueError('misconfigured', message, { advice });
}

/** `_acme-challenge` for `_acme-challenge.example.com` in `example.com`; `@` for the zone's own name. */
export function relativeName(name: string, zone: string): string {
  return name === zone ? '@' : name.slice(0, -(zone.length + 1));
}
