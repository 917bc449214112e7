import {
  readLabelFilters,
  readLabelSection,
  type LabelFinding,
  type LabelRead,
  type LabelWord,
  type StreamLabels,
} from '@dproxy/config';
import { DEFAULT_BALANCE, type Filter, type HealthRules } from '@dproxy/core';
import type { LabelProblem, ServiceClaims, StreamClaims } from './dialect.ts';
import { PLAIN_STREAM } from './plain-stream.ts';
import type { SectionName, ServiceDraft } from './service-draft.ts';
import { show } from './show.ts';

/** What the labels of one service say in sections. */
export interface Sections {
  readonly claims: Pick<
    ServiceClaims,
    'pathMatch' | 'condition' | 'filters' | 'balance' | 'health' | 'readiness' | 'panic'
  >;
  readonly tcp: StreamLabels | undefined;
  readonly udp: StreamLabels | undefined;
  readonly problems: readonly LabelProblem[];
}

type Words = ReadonlyMap<SectionName, readonly LabelWord[]>;

export function readSections(words: Words): Sections {
  if (words.size === 0) return NOTHING_SAID;
  const problems: LabelProblem[] = [];
  const read = <T>(name: SectionName, reader: (words: readonly LabelWord[]) => LabelRead<T>): T | undefined => {
    const said = words.get(name);
    if (said === undefined) return undefined;
    const result = reader(said);
    if ('value' in result) return result.value;
    problems.push(...result.findings.map(problemOf));
    return undefined;
  };
  const match = read('match', (said) => readLabelSection('match', said));
  return {
    claims: {
      pathMatch: match?.pathMatch ?? 'segments',
      condition: match?.condition ?? null,
      filters: read<readonly Filter[]>('filters', readLabelFilters) ?? [],
      balance: read('balance', (said) => readLabelSection('balance', said)) ?? DEFAULT_BALANCE,
      ...healthOf(read('health', (said) => readLabelSection('health', said))),
    },
    tcp: read('tcp', (said) => readLabelSection('tcp', said)),
    udp: read('udp', (said) => readLabelSection('udp', said)),
    problems,
  };
}

/** Of services and of streams. */
function healthOf(said: HealthRules | undefined): Pick<ServiceClaims, 'health' | 'readiness' | 'panic'> {
  return { health: said?.check, readiness: said?.readiness ?? true, panic: said?.panic ?? false };
}

const NOTHING_SAID: Sections = {
  claims: { pathMatch: 'segments', condition: null, filters: [], balance: DEFAULT_BALANCE, ...healthOf(undefined) },
  tcp: undefined,
  udp: undefined,
  problems: [],
};

function problemOf({ label, message, expected }: LabelFinding): LabelProblem {
  return { message: `${show(label)}: ${message}`, expected };
}

/** The raw services of a draft; the container's port, network and the rest are those of its other labels. */
export function streamsOf(
  service: string,
  { port, proxyProtocol, weight }: ServiceDraft,
  { network, sections: { tcp, udp } }: { readonly network: string | undefined; readonly sections: Sections },
): readonly StreamClaims[] {
  const shared = { ...PLAIN_STREAM, service, backend: service, port, network, proxyProtocol, weight };
  return [
    ...(tcp === undefined ? [] : [{ ...shared, ...optionsOf(tcp), protocol: 'tcp' as const }]),
    ...(udp === undefined ? [] : [{ ...shared, ...optionsOf(udp), protocol: 'udp' as const }]),
  ];
}

function optionsOf(said: StreamLabels) {
  const { listen, sni, alpn, clients, connectionsPerClient, priority, idle, health } = said;
  return {
    listener: typeof listen === 'string' ? listen : '',
    publicPort: typeof listen === 'number' ? listen : 0,
    hosts: sni ?? PLAIN_STREAM.hosts,
    tls: said.tls ?? (sni === undefined ? ('none' as const) : ('passthrough' as const)),
    alpn: alpn ?? [],
    clients: clients ?? [],
    connectionsPerClient: connectionsPerClient ?? 0,
    priority: priority ?? 0,
    idleMs: idle ?? 0,
    ...healthOf(health),
  };
}
