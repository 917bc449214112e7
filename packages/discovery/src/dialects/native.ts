import type { LabelWord } from '@dproxy/config';
import { didYouMean } from '@dproxy/core';
import type { Dialect, DialectInput, DialectReading, LabelProblem, ServiceClaims, StreamClaims } from './dialect.ts';
import { NATIVE_KEYS, type NativeKey } from './native-keys.ts';
import { readSections, streamsOf, type Sections } from './native-sections.ts';
import { readNativeWake, TAKES_NO_PART } from './native-wake.ts';
import { PLAIN_SERVICE } from './plain-service.ts';
import { ServiceDraft } from './service-draft.ts';
import { show } from './show.ts';

const PREFIX = 'dproxy.';
const MAX_SERVICES = 64;
/** To find what each slip means takes time: 20,000 of them would hold up all containers for seconds. */
const MAX_PROBLEMS = 100;
const SERVICE_NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/i;

const EXACT: ReadonlyMap<string, NativeKey> = new Map(NATIVE_KEYS.map((entry) => [entry.key.toLowerCase(), entry]));
const FAMILIES = NATIVE_KEYS.filter(({ key }) => key.endsWith('.'));
const SPELLINGS = NATIVE_KEYS.map(({ key, section }) =>
  key.endsWith('.') ? `${key}${section === undefined ? '<name>' : '<...>'}` : key,
);
/** `host`, `timeouts`, ...: no service can have such a name. */
const FIRST_WORDS: ReadonlySet<string> = new Set(NATIVE_KEYS.map(({ key }) => firstWord(key.toLowerCase())));

/**
 * dproxy's own labels: `dproxy.<key>` for a container with one service, `dproxy.<service>.<key>` for several. A label that
 * cannot be used rejects its service, not the others; `dproxy.enable` and what belongs to no service concern the unnamed one.
 */
export const native: Dialect = {
  name: 'native',
  read: readNative,
  isOwnWord: (kind, label) => kind === 'label' && label.startsWith(PREFIX),
  isPublicClaim: (kind, label) => {
    const parsed = kind === 'label' && label.startsWith(PREFIX) ? parseLabel(label) : undefined;
    return parsed !== undefined && 'key' in parsed && isPublic(parsed.key);
  },
};

/** A host, a port of dproxy's, or what starts and stops containers. */
function isPublic({ key, section }: NativeKey): boolean {
  return key === 'host' || key === 'ports' || section === 'tcp' || section === 'udp' || section === 'wake';
}

interface ParsedLabel {
  readonly service: string;
  readonly key: NativeKey;
  readonly rest: string;
}

function readNative({ labels }: Pick<DialectInput, 'labels'>): DialectReading {
  const drafts = new Map<string, ServiceDraft>();
  const broken = new Set<string>();
  const problems: LabelProblem[] = [];
  const wakeWords: LabelWord[] = [];
  // Sorted: the order of labels in the engine's answer is random, and what is reported must not be.
  for (const [label, value] of [...labels].filter(([name]) => name.startsWith(PREFIX)).sort(byName)) {
    if (problems.length >= MAX_PROBLEMS) return unreadable(problems);
    const parsed = parseLabel(label);
    const { service } = parsed;
    if ('key' in parsed && parsed.key.section === 'wake') {
      wakeWords.push({ label, path: pathOf(parsed.rest), value });
      continue;
    }
    if (!drafts.has(service) && drafts.size >= MAX_SERVICES) {
      problems.push({ message: `${show(label)}: too many services`, expected: `at most ${MAX_SERVICES} services` });
      break;
    }
    const draft = drafts.get(service) ?? new ServiceDraft();
    drafts.set(service, draft);
    const problem = 'key' in parsed ? applyLabel(draft, parsed, label, value) : parsed.problem;
    if (problem === undefined) continue;
    broken.add(service);
    problems.push(problem);
  }
  const sections = new Map<string, Sections>();
  for (const [service, draft] of drafts) {
    const said = readSections(draft.words);
    sections.set(service, said);
    if (said.problems.length > 0) broken.add(service);
    problems.push(...said.problems);
  }
  const { wake, problems: ofWake } = readNativeWake(wakeWords);
  problems.push(...ofWake);
  const shared = drafts.get('');
  if (shared !== undefined && !broken.has('') && !shared.isService) drafts.delete('');
  return {
    enable: shared?.enable,
    network: shared?.network,
    ...servedBy(drafts, { broken, sections, network: shared?.network }),
    ...(wake === undefined ? {} : { wake }),
    isSilent: drafts.size === 0,
    problems,
  };
}

/** What is not read may say that the container is to be hidden: so it is. */
function unreadable(problems: readonly LabelProblem[]): DialectReading {
  const last = {
    message: `${problems.length} labels cannot be used; the others are not read`,
    expected: 'the labels that dproxy knows',
  };
  const nothing = { services: [], streams: [], wake: TAKES_NO_PART, isSilent: false };
  return { ...nothing, enable: false, network: undefined, problems: [...problems, last] };
}

/** Keys that make no HTTP service of one that has `tcp` or `udp`. */
const FOR_STREAMS: ReadonlySet<string> = new Set([
  'enable',
  'network',
  'port',
  'weight',
  'proxyProtocol',
  'tcp',
  'udp',
]);

function applyLabel(
  draft: ServiceDraft,
  { key, rest }: ParsedLabel,
  label: string,
  value: string,
): LabelProblem | undefined {
  // `enable` and `network` without a service are for the whole container, and do not make the unnamed service.
  if (key.key !== 'enable' && key.key !== 'network') draft.isService = true;
  if (!FOR_STREAMS.has(key.section ?? key.key)) draft.isHttp = true;
  if (key.section !== undefined) {
    const words = draft.words.get(key.section) ?? [];
    draft.words.set(key.section, words);
    words.push({ label, path: pathOf(rest), value });
    return undefined;
  }
  if (key.apply(draft, value, rest)) return undefined;
  // Who cannot spell `enable` most likely wanted to hide something: hidden is the safe reading.
  if (key.key === 'enable') draft.enable = false;
  return { message: `${show(label)}=${show(value)} cannot be used`, expected: key.expected };
}

function pathOf(rest: string): readonly string[] {
  return rest === '' ? [] : rest.split('.');
}

interface Whole {
  readonly broken: ReadonlySet<string>;
  readonly sections: ReadonlyMap<string, Sections>;
  /** Of the container. */
  readonly network: string | undefined;
}

function servedBy(
  drafts: ReadonlyMap<string, ServiceDraft>,
  { broken, sections: all, network: shared }: Whole,
): Pick<DialectReading, 'services' | 'streams'> {
  const services: ServiceClaims[] = [];
  const streams: StreamClaims[] = [];
  for (const [service, draft] of [...drafts].sort(byName)) {
    const sections = all.get(service);
    if (broken.has(service) || draft.enable === false || sections === undefined) continue;
    const network = draft.network ?? shared;
    const raw = streamsOf(service, draft, { network, sections });
    streams.push(...raw);
    if (draft.isHttp || raw.length === 0) services.push({ ...claimsOf(service, draft), ...sections.claims, network });
  }
  return { services, streams };
}

/** What holds for a container without labels. */
export function unlabelledService(network: string | undefined): ServiceClaims {
  return { ...claimsOf('', new ServiceDraft()), network };
}

function claimsOf(service: string, draft: ServiceDraft): ServiceClaims {
  const { hosts, port, network, path, protocol, proxyProtocol, weight, tlsVerify, plugins, listeners, location } =
    draft;
  const { requestSet, requestRemove, responseSet, responseRemove } = draft;
  return {
    ...PLAIN_SERVICE,
    service,
    backend: service,
    hosts,
    port,
    network,
    path,
    protocol,
    proxyProtocol,
    weight,
    tlsVerify,
    timeouts: { connectMs: draft.connectMs, responseMs: draft.responseMs, idleMs: draft.idleMs },
    headers: { requestSet, requestRemove, responseSet, responseRemove },
    answer: location === undefined ? undefined : { type: 'redirect', status: draft.redirectStatus, location },
    plugins,
    listeners,
    priority: draft.priority,
    publicPorts: draft.publicPorts,
    https: draft.https,
    fallThrough: draft.fallThrough,
  };
}

type Unknown = { readonly service: string; readonly problem: LabelProblem };

function parseLabel(label: string): ParsedLabel | Unknown {
  const path = label.slice(PREFIX.length);
  const own = findKey(path);
  if (own !== undefined) return { service: '', ...own };
  const dot = path.indexOf('.');
  const word = firstWord(path);
  if (dot === -1 || FIRST_WORDS.has(word.toLowerCase()) || !SERVICE_NAME.test(word)) {
    return { service: '', problem: unknownKey(label, path, PREFIX) };
  }
  const service = word.toLowerCase();
  const key = findKey(path.slice(dot + 1));
  if (key !== undefined) return { service, ...key };
  // `dproxy.timeout.connect` is more likely a slip in `timeouts.connect` than a service called "timeout".
  if (didYouMean(path, SPELLINGS) !== undefined) return { service: '', problem: unknownKey(label, path, PREFIX) };
  return { service, problem: unknownKey(label, path.slice(dot + 1), `${PREFIX}${word}.`) };
}

function findKey(path: string): { readonly key: NativeKey; readonly rest: string } | undefined {
  const lower = path.toLowerCase();
  const exact = EXACT.get(lower);
  if (exact !== undefined && !exact.key.endsWith('.')) return { key: exact, rest: '' };
  const family = FAMILIES.find(({ key }) => lower.startsWith(key) && lower.length > key.length);
  return family === undefined ? undefined : { key: family, rest: path.slice(family.key.length) };
}

function unknownKey(label: string, path: string, prefix: string): LabelProblem {
  const meant = didYouMean(path, SPELLINGS);
  return {
    message: `${show(label)} is not a label that dproxy knows`,
    expected: meant === undefined ? `${prefix} and one of ${SPELLINGS.join(', ')}` : `${prefix}${meant}, probably`,
  };
}

function firstWord(path: string): string {
  return path.split('.', 1)[0] ?? '';
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
