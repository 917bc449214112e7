import type { PortBinding } from '@dproxy/discovery';
import { isScalar, isTable } from './compose-document.ts';

export interface ComposePorts {
  readonly tcp: readonly number[];
  readonly udp: readonly number[];
  readonly published: ReadonlyMap<number, readonly PortBinding[]>;
  /** As written. */
  readonly refused: readonly string[];
}

/** A range has an end. */
const MAX_RANGE = 1_000;

/** `ports` (short and long) and `expose` of one service. */
export function readPorts(ports: unknown, expose: unknown): ComposePorts {
  const tcp = new Set<number>();
  const udp = new Set<number>();
  const published = new Map<number, PortBinding[]>();
  const refused: string[] = [];
  for (const entry of [...listOf(ports), ...listOf(expose).map((port) => onlyInside(port))]) {
    const mappings = isTable(entry) ? longForm(entry) : isScalar(entry) ? shortForm(String(entry)) : undefined;
    if (mappings === undefined) {
      refused.push(isScalar(entry) ? String(entry) : JSON.stringify(entry).slice(0, 100));
      continue;
    }
    for (const { target, protocol, binding } of mappings) {
      if (protocol === 'udp') udp.add(target);
      if (protocol !== 'tcp') continue;
      tcp.add(target);
      if (binding === undefined) continue;
      const bindings = published.get(target) ?? [];
      bindings.push(binding);
      published.set(target, bindings);
    }
  }
  return { tcp: ascending(tcp), udp: ascending(udp), published, refused };
}

interface Mapping {
  readonly target: number;
  readonly protocol: string;
  /** Undefined: not published, or on a free port. */
  readonly binding: PortBinding | undefined;
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? (value as readonly unknown[]) : [value];
}

/** `expose` has no host side. */
function onlyInside(entry: unknown): unknown {
  return isScalar(entry) && String(entry).includes(':') ? [] : entry;
}

function longForm(entry: Readonly<Record<string, unknown>>): Mapping[] | undefined {
  const { target, published, host_ip: address, protocol } = entry;
  const port = portOf(isScalar(target) ? String(target) : '');
  if (port === undefined) return undefined;
  const outside = isScalar(published) ? portOf(String(published)) : undefined;
  const binding =
    outside === undefined ? undefined : { address: isScalar(address) ? String(address) : '', port: outside };
  return [{ target: port, protocol: isScalar(protocol) ? String(protocol) : 'tcp', binding }];
}

/** `[[address:]outside:]inside[/protocol]`; both ports may be ranges of the same length. */
function shortForm(raw: string): Mapping[] | undefined {
  const [mapping = '', protocol = 'tcp'] = raw.split('/', 2);
  const [before, insideText] = splitLast(mapping);
  const [address, outsideText] = splitLast(before);
  const inside = rangeOf(insideText);
  // Without a port outside the engine chooses a free one, which nobody knows yet.
  const outside = outsideText === '' ? [] : rangeOf(outsideText);
  if (inside === undefined || outside === undefined) return undefined;
  if (outside.length > 0 && outside.length !== inside.length) return undefined;
  return inside.map((target, index) => {
    const port = outside[index];
    return { target, protocol, binding: port === undefined ? undefined : { address: bare(address), port } };
  });
}

function splitLast(text: string): readonly [before: string, after: string] {
  const colon = text.lastIndexOf(':');
  return colon === -1 ? ['', text] : [text.slice(0, colon), text.slice(colon + 1)];
}

function bare(address: string): string {
  return address.replace(/^\[(.*)\]$/, '$1');
}

function rangeOf(text: string): readonly number[] | undefined {
  const [first = '', last = first] = text.split('-', 2);
  const [from, to] = [portOf(first), portOf(last)];
  if (from === undefined || to === undefined || to < from || to - from > MAX_RANGE) return undefined;
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

function portOf(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port > 0 && port <= 65_535 ? port : undefined;
}

function ascending(ports: ReadonlySet<number>): readonly number[] {
  return [...ports].sort((a, b) => a - b);
}
