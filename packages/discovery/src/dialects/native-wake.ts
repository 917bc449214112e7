import { readLabelSection, type LabelWord } from '@dproxy/config';
import type { LabelProblem, WakeClaims } from './dialect.ts';
import { show } from './show.ts';

export interface NativeWake {
  /** Undefined: nothing is said. */
  readonly wake: WakeClaims | undefined;
  readonly problems: readonly LabelProblem[];
}

/**
 * `dproxy.wake` and what is below. It is the whole container that sleeps, so that it does not matter whether a service is named.
 * Who says something that is not understood may have wanted to stay awake: such a container is left alone.
 */
export function readNativeWake(words: readonly LabelWord[]): NativeWake {
  if (words.length === 0) return { wake: undefined, problems: [] };
  const read = readLabelSection('wake', withoutRepeats(words));
  if ('findings' in read) {
    const problems = read.findings.map(({ label, message, expected }) => ({
      message: `${show(label)}: ${message}; it is neither put to sleep nor woken`,
      expected,
    }));
    return { wake: TAKES_NO_PART, problems };
  }
  const { isWanted, group, ...said } = read.value;
  if (!isWanted) return { wake: TAKES_NO_PART, problems: [] };
  const place = group === '' ? { scope: 'project', groups: [] } : { scope: 'groups', groups: [group] };
  return { wake: { ...said, ...place } as WakeClaims, problems: [] };
}

export const TAKES_NO_PART: WakeClaims = {
  scope: 'none',
  groups: [],
  name: '',
  options: {},
  isPermanent: false,
  readyAfterMs: 0,
};

/** Two services that say the same. */
function withoutRepeats(words: readonly LabelWord[]): readonly LabelWord[] {
  const known = new Set<string>();
  return words.filter(({ path, value }) => {
    const key = JSON.stringify([path.map((part) => part.toLowerCase()), value.trim()]);
    return !known.has(key) && known.add(key);
  });
}
