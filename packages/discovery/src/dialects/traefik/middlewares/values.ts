import {
  canonicalFieldName,
  compileCidrs,
  compilePattern,
  isFieldValue,
  isOwnField,
  PatternError,
  type CountedBy,
  type StatusRange,
} from '@dproxy/core';
import type { Section } from '../section.ts';

/** Readers of what several middlewares have. What they find wrong is in the section's report. */

export function readPattern(section: Section, key: string): string {
  const raw = section.text(key);
  if (raw === undefined || raw === '') {
    section.refuse(key, 'a regular expression');
    return '';
  }
  checkPattern(section, key, raw);
  return raw;
}

export function checkPattern(section: Section, key: string, raw: string): void {
  try {
    compilePattern(raw);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    section.refuse(key, `${error.expected}: ${error.message}`);
  }
}

export function readCidrs(section: Section, key: string): readonly string[] {
  const list = section.list(key) ?? [];
  try {
    compileCidrs(list);
    return list;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    section.refuse(key, 'addresses or networks such as 192.0.2.0/24, separated by commas');
    return [];
  }
}

type ByClient = Extract<CountedBy, { type: 'client' }>;

export const BY_CLIENT: ByClient = { type: 'client', depth: 0, excluded: [], ipv6Prefix: 0 };

/** `ipstrategy`: which address is the client's. Depth before exclusions, as in Traefik. */
export function readIpStrategy(section: Section): ByClient {
  const strategy = section.sub('ipstrategy');
  if (strategy === undefined) return BY_CLIENT;
  const depth = strategy.integer('depth', 0, 32) ?? 0;
  const excluded = readCidrs(strategy, 'excludedips');
  const ipv6Prefix = strategy.integer('ipv6subnet', 1, 128) ?? 0;
  strategy.finish();
  return { type: 'client', depth, excluded: depth > 0 ? [] : excluded, ipv6Prefix };
}

/** `sourcecriterion`: by what requests are counted. */
export function readSourceCriterion(section: Section, otherwise: CountedBy): CountedBy {
  const criterion = section.sub('sourcecriterion');
  if (criterion === undefined) return otherwise;
  const client = criterion.has('ipstrategy') ? readIpStrategy(criterion) : undefined;
  const header = criterion.text('requestheadername');
  const isHost = criterion.flag('requesthost') ?? false;
  criterion.finish();
  const chosen = [client !== undefined, header !== undefined, isHost].filter(Boolean);
  if (chosen.length > 1) criterion.refuse('requesthost', 'one of ipstrategy, requestheadername and requesthost');
  if (header !== undefined) return { type: 'header', name: readFieldName(criterion, 'requestheadername', header) };
  if (isHost) return { type: 'host' };
  return client ?? otherwise;
}

export function readFieldName(section: Section, key: string, raw: string): string {
  const name = canonicalFieldName(raw.trim());
  if (name === undefined) section.refuse(key, 'the name of a header');
  return name ?? '';
}

/** Lower case. */
export function readFieldNames(section: Section, key: string): readonly string[] {
  return (section.list(key) ?? []).map((raw) => readFieldName(section, key, raw));
}

/** A header of a family such as `customrequestheaders`; undefined when it may not be changed. */
export function readHeaderPair(
  section: Section,
  family: string,
  [written, value]: readonly [string, string],
  mayBeHost: boolean,
): readonly [name: string, value: string] | undefined {
  const name = canonicalFieldName(written);
  const isAllowed = name !== undefined && (!isOwnField(name) || (mayBeHost && name === 'host'));
  if (isAllowed && isFieldValue(value)) return [name, value];
  section.refuse(
    `${family}.${written.toLowerCase()}`,
    'a header name in the label, not connection, content-length and the like, and one line of Latin-1 text as its value',
    true,
  );
  return undefined;
}

/** `500-599,404`. */
export function readStatuses(section: Section, key: string): readonly StatusRange[] {
  const ranges: StatusRange[] = [];
  for (const part of section.list(key) ?? []) {
    const [, from, to] = /^(\d{3})(?:-(\d{3}))?$/.exec(part) ?? [];
    const range: StatusRange = [Number(from), Number(to ?? from)];
    if (from !== undefined && range[0] >= 100 && range[0] <= range[1]) ranges.push(range);
    else section.refuse(key, 'statuses such as 404 or 500-599, separated by commas');
  }
  return ranges;
}
