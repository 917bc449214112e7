import type { WakeEntry } from '../schema/wake.ts';
import type { WakeSettings } from './settings.ts';

/** What holds where neither dproxy.yml nor a label says otherwise. */
export const DEFAULT_WAKE: WakeSettings = {
  autostart: true,
  timeoutMs: 60_000,
  browsers: 'page',
  theme: '',
  idleMs: 0,
  method: 'stop',
  awake: [],
  timeZone: '',
  busyCpuPercent: 5,
  probePath: '',
  afterManualStop: true,
  showsLog: false,
  budget: { clientPerMinute: 10, perMinute: 60, concurrent: 4 },
};

export function resolveWake({ options, budget }: WakeEntry = { options: {}, budget: {} }): WakeSettings {
  const { clientPerMinute, perMinute, concurrent } = DEFAULT_WAKE.budget;
  return {
    ...DEFAULT_WAKE,
    ...options,
    budget: {
      clientPerMinute: budget.clientPerMinute ?? clientPerMinute,
      perMinute: budget.perMinute ?? perMinute,
      concurrent: budget.concurrent ?? concurrent,
    },
  };
}
