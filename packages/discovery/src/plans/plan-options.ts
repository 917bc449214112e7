import type { WakeOptions } from '@dproxy/config';
import { sameValue, type Rejection } from '@dproxy/core';
import type { Sleeper } from './plan-groups.ts';

/** The word of each option in labels and in dproxy.yml. */
const WORDS: { readonly [Key in keyof WakeOptions]: string } = {
  autostart: 'autostart',
  timeoutMs: 'timeout',
  browsers: 'browsers',
  theme: 'theme',
  idleMs: 'idle',
  method: 'method',
  awake: 'awake',
  timeZone: 'timeZone',
  busyCpuPercent: 'cpu',
  probePath: 'probe',
  afterManualStop: 'afterManualStop',
  showsLog: 'logs',
};
const KEYS = Object.keys(WORDS) as readonly (keyof WakeOptions)[];

export interface SettledOptions {
  readonly options: WakeOptions;
  /** Empty: nobody says one. */
  readonly name: string;
  /** What younger containers say otherwise. */
  readonly rejected: readonly Rejection[];
}

/** Each option is what the oldest container says that says it; what nobody says is the default. */
export function settleOptions(sleepers: readonly Sleeper[], defaults: WakeOptions): SettledOptions {
  const said = new Map<keyof WakeOptions, { readonly value: unknown; readonly by: string }>();
  const rejected: Rejection[] = [];
  let permanent: Sleeper | undefined;
  for (const sleeper of sleepers) {
    const { container, claims } = sleeper;
    if (claims === undefined) continue;
    if (claims.isPermanent) permanent ??= sleeper;
    const others = new Map<string, string>();
    for (const key of KEYS) {
      const value = claims.options[key];
      if (value === undefined) continue;
      const before = said.get(key);
      if (before === undefined) said.set(key, { value, by: container.name });
      else if (!sameValue(before.value, value)) others.set(WORDS[key], before.by);
    }
    if (others.size > 0) rejected.push(difference(container.name, others));
  }
  // Only these keys: the defaults may come with more.
  const pairs = KEYS.map((key) => [key, said.has(key) ? said.get(key)?.value : defaults[key]]);
  const options = Object.fromEntries(pairs) as WakeOptions;
  return {
    options: permanent === undefined ? options : { ...options, idleMs: 0 },
    name: sleepers.find(({ claims }) => (claims?.name ?? '') !== '')?.claims?.name ?? '',
    rejected,
  };
}

function difference(name: string, others: ReadonlyMap<string, string>): Rejection {
  const words = [...others].map(([word, by]) => `${word} (${by})`).join(', ');
  return {
    source: `docker:${name}`,
    line: 0,
    column: 0,
    message: `it says otherwise how its group sleeps and wakes than an older container, which holds: ${words}`,
    expected: 'the same on all containers of a group, or said by one of them',
  };
}
