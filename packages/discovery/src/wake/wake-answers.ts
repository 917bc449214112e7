import type { WakeProgress } from '@dproxy/core';
import type { WakeReport } from './group-wake.ts';

export function waking(group: string, report: WakeReport): WakeProgress {
  return { group, state: 'waking', retryAfterS: 0, ...report };
}

/** One that asks for too much does not turn away those who wait for the same group. */
export function tooMuch(group: string, client: string, retryAfterS: number): WakeProgress {
  return { ...refused(group, 'too much was asked for', retryAfterS), client };
}

export function refused(group: string, message: string, retryAfterS: number): WakeProgress {
  return { group, state: 'refused', message, retryAfterS, steps: [], log: [] };
}
