import { readAwakeTimes } from '@dproxy/config';
import type { Dialect, DialectInput, DialectReading, LabelProblem, Offer, WakeClaims } from './dialect.ts';
import { readGoDuration } from './go-duration.ts';
import { readInteger, readList, readName } from './label-values.ts';
import { offersNamed } from './offers.ts';
import { show } from './show.ts';

/** One container in 10,000 groups would make one group of all. */
const MAX_GROUPS = 16;

/**
 * Labels of Sablier: which containers may sleep, and in which groups. Hosts come from other dialects. That an image starts and
 * stops with the containers of others is not its to say.
 */
export const sablier: Dialect = {
  name: 'sablier',
  read: readSablier,
  isOwnWord: (kind, name) => kind === 'label' && name.startsWith('sablier.'),
  isPublicClaim: (kind, name) => kind === 'label' && (name === 'sablier.enable' || name === 'sablier.group'),
};

/** Labels of Lazytainer: the group of a container that may sleep, and on Lazytainer's own container what its groups are. */
export const lazytainer: Dialect = {
  name: 'lazytainer',
  read: readLazytainer,
  offers: offersOfLazytainer,
  asksOffersByName: true,
  isOwnWord: (kind, name) => kind === 'label' && name.startsWith('lazytainer.'),
  isPublicClaim: (kind, name) => kind === 'label' && name.startsWith('lazytainer.group'),
};

const READY_AFTER = 'sablier.ready-after';
const HOURS = 'sablier.running-hours';
const DAYS = 'sablier.running-days';
const KNOWN: ReadonlySet<string> = new Set(['sablier.enable', 'sablier.group', READY_AFTER, HOURS, DAYS]);

function readSablier({ labels }: Pick<DialectInput, 'labels'>): DialectReading {
  const problems: LabelProblem[] = [];
  const groups = readGroups(labels, 'sablier.group', problems);
  const written = labels.get(READY_AFTER);
  const readyAfterMs = written === undefined ? 0 : readGoDuration(written.trim());
  if (readyAfterMs === undefined) {
    const message = `${READY_AFTER}=${show(written ?? '')} cannot be used`;
    problems.push({ message, expected: 'a duration such as 30s' });
  }
  const awake = readHours(labels, problems);
  // Only the literal "true" enables it.
  const isEnabled = labels.get('sablier.enable') === 'true' && problems.length === 0;
  const scope = groups.length === 0 ? ('alone' as const) : ('groups' as const);
  const options = awake === undefined ? {} : { awake };
  const wake: WakeClaims = { ...ALONE, scope, groups, options, readyAfterMs: readyAfterMs ?? 0 };
  return { ...NOTHING_SERVED, problems: [...problems, ...unheard(labels)], ...(isEnabled ? { wake } : {}) };
}

function readHours(labels: DialectInput['labels'], problems: LabelProblem[]) {
  const [hours, days = ''] = [labels.get(HOURS), labels.get(DAYS)];
  if (hours === undefined) return undefined;
  const read = readAwakeTimes(`${hours} ${days}`);
  if ('value' in read && read.value.length === 1) return read.value;
  const message = `${HOURS}=${show(hours)}${days === '' ? '' : ` with ${DAYS}=${show(days)}`} cannot be used`;
  problems.push({ message, expected: 'hours such as 09:00-18:00, and days such as Mon,Tue' });
  return undefined;
}

/** Limits that are changed instead of a stop, and groups that exclude each other. */
function unheard(labels: DialectInput['labels']): LabelProblem[] {
  const names = [...labels.keys()].filter((name) => name.startsWith('sablier.') && !KNOWN.has(name)).sort();
  const [first] = names;
  if (first === undefined || labels.get('sablier.enable') !== 'true') return [];
  const more = names.length === 1 ? '' : ` and ${names.length - 1} more`;
  const message = `${show(first)}${more} of Sablier cannot be used: containers are stopped or paused, nothing else`;
  return [{ message, expected: `${[...KNOWN].join(', ')}, or labels of dproxy.wake` }];
}

/** What Lazytainer's own container says of a group. */
interface LazyGroup {
  readonly idleMs: number;
  readonly method: 'stop' | 'pause';
}

function readLazytainer({ container, labels, offers, isOwnedByProject }: DialectInput): DialectReading {
  const problems: LabelProblem[] = [];
  const groups = readGroups(labels, 'lazytainer.group', problems);
  for (const { name, value } of lazyGroups(labels)) if (value === undefined) problems.push(brokenGroup(name));
  const [group] = groups.flatMap((name) => offersNamed(offers, 'group', name)).filter(isUsable);
  function isUsable({ project = '' }: Offer): boolean {
    return isOwnedByProject !== true || (project !== '' && project === projectOf(container));
  }
  const options = group === undefined ? {} : (group.value as LazyGroup);
  const wake: WakeClaims = { ...ALONE, scope: 'groups', groups, options };
  return { ...NOTHING_SERVED, problems, ...(groups.length > 0 ? { wake } : {}) };
}

function offersOfLazytainer({ container, labels }: Omit<DialectInput, 'offers'>): readonly Offer[] {
  const project = projectOf(container);
  return lazyGroups(labels).flatMap(({ name, value }) =>
    value === undefined ? [] : { kind: 'group', name, value, from: container.name, project },
  );
}

function projectOf({ labels }: DialectInput['container']): string {
  return labels.get('com.docker.compose.project') ?? '';
}

const GROUP_LABEL = /^lazytainer\.group\.([^.]{1,64})\./;
const MAX_SECONDS = 2_147_483;

/** `lazytainer.group.<name>.<key>`. Value undefined: it cannot be used. */
function lazyGroups(labels: DialectInput['labels']): readonly { name: string; value: LazyGroup | undefined }[] {
  const names = new Set(
    [...labels.keys()].map((label) => GROUP_LABEL.exec(label)?.[1]).filter((name) => name !== undefined),
  );
  return [...names].sort().map((name) => {
    const seconds = readInteger(labels.get(`lazytainer.group.${name}.inactiveTimeout`) ?? '30', 1, MAX_SECONDS);
    // Whatever is not "stop" pauses there.
    const method = (labels.get(`lazytainer.group.${name}.sleepMethod`) ?? 'stop') === 'stop' ? 'stop' : 'pause';
    return { name, value: seconds === undefined ? undefined : { idleMs: seconds * 1_000, method } };
  });
}

function brokenGroup(name: string): LabelProblem {
  const message = `lazytainer.group.${show(name)}.inactiveTimeout cannot be used`;
  return { message, expected: 'a whole number of seconds' };
}

const ALONE: WakeClaims = {
  scope: 'alone',
  groups: [],
  name: '',
  options: {},
  isPermanent: false,
  readyAfterMs: 0,
};

const NOTHING_SERVED: DialectReading = {
  enable: undefined,
  network: undefined,
  services: [],
  streams: [],
  isSilent: false,
  problems: [],
};

function readGroups(labels: DialectInput['labels'], label: string, problems: LabelProblem[]): readonly string[] {
  const written = labels.get(label);
  if (written === undefined || written.trim() === '') return [];
  const groups = readList(written, readName);
  if (groups !== undefined && groups.length <= MAX_GROUPS) return [...new Set(groups)];
  problems.push({
    message: `${label}=${show(written)} cannot be used`,
    expected: `names, separated by commas, at most ${MAX_GROUPS}`,
  });
  return [];
}
