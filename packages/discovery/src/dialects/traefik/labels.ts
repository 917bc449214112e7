import { didYouMean } from '@dproxy/core';
import { Report, Section, type Pair } from './section.ts';
import { show } from '../show.ts';

export const PREFIX = 'traefik.';

export type Protocol = 'http' | 'tcp' | 'udp';
export type Kind = 'routers' | 'services' | 'middlewares';

/** One router, service or middleware, as the labels name it. */
export interface Named {
  /** As written. Where names are compared they are in lower case, as all of a label is. */
  readonly name: string;
  readonly pairs: readonly Pair[];
}

type NamedTable = ReadonlyMap<string, Named>;

export type ProtocolLabels = Readonly<Record<Kind, NamedTable>>;

/** The labels of one container, sorted into what they describe. */
export interface TraefikLabels extends Readonly<Record<Protocol, ProtocolLabels>> {
  readonly enable: boolean | undefined;
  readonly network: string | undefined;
  readonly report: Report;
}

const MAX_NAMES = 256;
const PROTOCOLS: readonly Protocol[] = ['http', 'tcp', 'udp'];
const KINDS: readonly Kind[] = ['routers', 'services', 'middlewares'];
const ROOTS = ['enable', 'docker', 'swarm', 'tls', ...PROTOCOLS];
/** What labels began with before Traefik 2. */
const FIRST_VERSION: ReadonlySet<string> = new Set([
  'frontend',
  'backend',
  'port',
  'protocol',
  'weight',
  'domain',
  'tags',
]);

export function readLabels(labels: ReadonlyMap<string, string>): TraefikLabels {
  const report = new Report();
  const tables = {
    http: emptyTables(),
    tcp: emptyTables(),
    udp: emptyTables(),
  };
  const general: Pair[] = [];
  // Sorted: the order of labels in the engine's answer is random, and what is reported must not be.
  const own = [...labels].filter(([label]) => label.toLowerCase().startsWith(PREFIX)).sort(byName);
  for (const [label, value] of own) {
    const [, root = '', kind = '', name = '', ...rest] = label.split('.');
    const protocol = PROTOCOLS.find((each) => each === root.toLowerCase());
    if (protocol === undefined) {
      general.push([label.slice(PREFIX.length), value]);
      continue;
    }
    const known = KINDS.find((each) => each === kind.toLowerCase());
    if (known === undefined) report.refuse(...unknownKind(label, protocol, kind));
    else addLabel(tables[protocol][known], name, [rest.join('.'), value], { label, report });
  }
  return { ...tables, ...readGeneral(general, report), report };
}

type MutableTables = Record<Kind, Map<string, Named & { readonly pairs: Pair[] }>>;

function emptyTables(): MutableTables {
  return { routers: new Map(), services: new Map(), middlewares: new Map() };
}

function addLabel(
  table: MutableTables[Kind],
  name: string,
  pair: Pair,
  { label, report }: { readonly label: string; readonly report: Report },
): void {
  if (name === '' || name.includes('@')) {
    report.refuse(
      `${show(label)}: ${name === '' ? 'a name is missing' : 'a name has no @'}`,
      'traefik.<protocol>.<kind>.<name>.<option>',
    );
    return;
  }
  const key = name.toLowerCase();
  const known = table.get(key);
  if (known !== undefined) known.pairs.push(pair);
  else if (table.size < MAX_NAMES) table.set(key, { name, pairs: [pair] });
  else report.refuse(`${show(label)}: too many names`, `at most ${MAX_NAMES} routers, services or middlewares`);
}

function unknownKind(label: string, protocol: Protocol, kind: string): [message: string, expected: string] {
  if (kind.toLowerCase() === 'serverstransports') {
    return [
      `${show(label)}: Traefik takes no servers transport from labels, either`,
      'docker.dialects.traefik.tlsVerify in dproxy.yml',
    ];
  }
  const meant = didYouMean(kind, KINDS);
  return [
    `${show(label)} is not a label that dproxy knows`,
    meant === undefined
      ? `traefik.${protocol}. and one of: ${KINDS.join(', ')}`
      : `traefik.${protocol}.${meant}, probably`,
  ];
}

function readGeneral(pairs: readonly Pair[], report: Report): Pick<TraefikLabels, 'enable' | 'network'> {
  const section = new Section('traefik', pairs, report);
  const enable = section.flag('enable');
  // Who cannot spell `enable` most likely wanted to hide something: hidden is the safe reading.
  const isUnreadable = enable === undefined && section.has('enable');
  const docker = section.sub('docker');
  const network = docker?.text('network')?.trim();
  // Routes of stopped containers are kept anyway.
  docker?.flag('allownonrunning');
  docker?.flag('lbswarm');
  docker?.finish();
  for (const [key] of pairs) reportGeneral(section, key);
  return { enable: isUnreadable ? false : enable, network: network === '' ? undefined : network };
}

/** Traefik reads no other label, and people have some of their own for its constraints. */
function reportGeneral(section: Section, key: string): void {
  const lower = key.toLowerCase();
  const [root = ''] = lower.split('.', 1);
  if (root === 'swarm') {
    section.note(lower, 'labels of Swarm are those of services, not of containers', 'traefik.docker.network');
  } else if (root === 'tls') {
    section.note(lower, 'certificates are no matter of labels here', 'tls: or acme: in dproxy.yml');
  } else if (FIRST_VERSION.has(root)) {
    section.note(
      lower,
      'this is a label of Traefik 1',
      'traefik.http.routers.<name>.rule and the like, as Traefik 2 and 3 have them',
    );
  } else if (!ROOTS.includes(root)) {
    const meant = didYouMean(root, ROOTS);
    if (meant !== undefined && meant !== root)
      section.note(lower, 'Traefik does not read this label', `traefik.${meant}, probably`);
  }
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1;
}
