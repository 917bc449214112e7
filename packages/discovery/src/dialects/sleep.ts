import type { Dialect, DialectInput, DialectReading, LabelProblem, WakeClaims } from './dialect.ts';
import { readDuration, readList, readName } from './label-values.ts';
import { show } from './show.ts';

const READY_AFTER = 'sablier.ready-after';

/** Labels of Sablier: which containers may sleep, and in which groups. Hosts come from other dialects. */
export const sablier: Dialect = {
  name: 'sablier',
  read: readSablier,
  isOwnWord: (kind, name) => kind === 'label' && name.startsWith('sablier.'),
  isPublicClaim: () => false,
};

/** The label of Lazytainer on a container that may sleep; what its groups are is said on Lazytainer's own container. */
export const lazytainer: Dialect = {
  name: 'lazytainer',
  read: readLazytainer,
  isOwnWord: (kind, name) => kind === 'label' && name.startsWith('lazytainer.'),
  isPublicClaim: () => false,
};

function readSablier({ labels }: Pick<DialectInput, 'labels'>): DialectReading {
  const problems: LabelProblem[] = [];
  const groups = readGroups(labels, 'sablier.group', problems);
  const written = labels.get(READY_AFTER);
  const readyAfterMs = written === undefined ? 0 : readDuration(written);
  if (readyAfterMs === undefined) {
    const message = `${READY_AFTER}=${show(written ?? '')} cannot be used`;
    problems.push({ message, expected: 'a duration such as 30s' });
  }
  // Only the literal "true" enables it.
  const isEnabled = labels.get('sablier.enable') === 'true' && problems.length === 0;
  const wake: WakeClaims = { groups, idleMs: 0, readyAfterMs: readyAfterMs ?? 0, method: undefined };
  return { ...NOTHING_SERVED, problems, ...(isEnabled ? { wake } : {}) };
}

function readLazytainer({ labels }: Pick<DialectInput, 'labels'>): DialectReading {
  const problems: LabelProblem[] = [];
  const groups = readGroups(labels, 'lazytainer.group', problems);
  const wake: WakeClaims = { groups, idleMs: 0, readyAfterMs: 0, method: undefined };
  return { ...NOTHING_SERVED, problems, ...(groups.length > 0 ? { wake } : {}) };
}

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
  if (groups !== undefined) return groups;
  problems.push({ message: `${label}=${show(written)} cannot be used`, expected: 'names, separated by commas' });
  return [];
}
