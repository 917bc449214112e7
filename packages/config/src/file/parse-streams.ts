import { didYouMean } from '@dproxy/core';
import type { z } from 'zod';
import { describeValue, unknownKey, type Finding } from '../schema/explain-issue.ts';
import { allowedPorts } from '../schema/stream-sections.ts';
import { tcpEntry } from '../schema/tcp-entry.ts';
import { udpEntry } from '../schema/udp-entry.ts';
import { buildTcp, buildUdp } from './build-stream.ts';
import { guessStreamId } from './guess-id.ts';
import type { FileSettings, StreamEntry } from './parsed-file.ts';
import type { Reading } from './reading.ts';
import { StreamChecks } from './stream-checks.ts';

export interface StreamsReading extends Reading {
  /** As in `Origin.source`. */
  readonly source: string;
  readonly seenMs: number;
  readonly settings: FileSettings;
}

export interface ReadStreams {
  readonly tcp: readonly StreamEntry[];
  readonly udp: readonly StreamEntry[];
  /** Undefined: not mentioned, or refused. */
  readonly allowedPorts: FileSettings['allowedPorts'];
}

const TCP_KEYS = ['allow', 'routes'];
/** What they are called where something was refused. */
const SECTIONS: ReadonlyMap<string, string> = new Map([
  ['allow', 'allowedPorts'],
  ['routes', 'tcp'],
]);

/** `tcp` and `udp`, each entry alone. */
export function parseStreams(root: Readonly<Record<string, unknown>>, reading: StreamsReading): ReadStreams {
  const { tcp = [], udp = [] } = root;
  if (!isMap(tcp)) {
    return {
      tcp: readList('tcp', tcp, ['tcp'], reading),
      udp: readList('udp', udp, ['udp'], reading),
      allowedPorts: undefined,
    };
  }
  for (const name of Object.keys(tcp)) {
    if (TCP_KEYS.includes(name)) continue;
    // A slip in a name is taken for a refused part, so that its last good version stays.
    const meant = didYouMean(name, TCP_KEYS);
    reading.refuse({ section: SECTIONS.get(meant ?? '') ?? `tcp.${name}` }, [unknownKey(['tcp', name], TCP_KEYS)]);
  }
  return {
    tcp: readList('tcp', tcp['routes'] ?? [], ['tcp', 'routes'], reading),
    udp: readList('udp', udp, ['udp'], reading),
    allowedPorts: readAllowed(tcp['allow'], reading),
  };
}

function readAllowed(raw: unknown, reading: StreamsReading): FileSettings['allowedPorts'] {
  if (raw === undefined || raw === null) return undefined;
  const result = reading.validate(allowedPorts, raw, ['tcp', 'allow']);
  if ('value' in result) return result.value;
  reading.refuse({ section: 'allowedPorts' }, result.findings);
  return undefined;
}

function readList(
  section: 'tcp' | 'udp',
  list: unknown,
  base: readonly string[],
  reading: StreamsReading,
): readonly StreamEntry[] {
  if (list === null) return [];
  if (!Array.isArray(list)) {
    const message = `${base.join('.')}: found ${describeValue(list)}`;
    const expected = 'a list: each entry begins with "- "';
    reading.refuse({ section }, [{ path: [...base], isKey: false, message, expected }]);
    return [];
  }
  const checks = new StreamChecks(section, reading.settings);
  const entries: StreamEntry[] = [];
  for (const [index, raw] of list.entries()) {
    const path = [...base, index];
    const origin = { source: reading.source, name: `${section}[${index}]`, line: reading.lineOf(path), project: '' };
    const build = section === 'tcp' ? read(tcpEntry, buildTcp) : read(udpEntry, buildUdp);
    const result = build(raw, path, reading, origin);
    const findings = 'findings' in result ? result.findings : checks.find(result.entry, [...path, 'listen']);
    if (findings.length > 0) reading.refuse({ section, index, id: guessStreamId(section, raw) }, findings);
    else if ('entry' in result) entries.push(result.entry);
  }
  return entries;
}

type Built = { readonly entry: StreamEntry } | { readonly findings: readonly Finding[] };

function read<T>(
  schema: z.ZodType<T>,
  build: (value: T, origin: StreamEntry['origin'], seenMs: number) => StreamEntry,
) {
  return (raw: unknown, path: (string | number)[], reading: StreamsReading, origin: StreamEntry['origin']): Built => {
    const result = reading.validate(schema, raw, path);
    return 'findings' in result ? result : { entry: build(result.value, origin, reading.seenMs) };
  };
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
