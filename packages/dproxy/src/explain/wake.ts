import { ERRORS, type ExplainedAnswer, type Snapshot, type WakeGroup, type WakeGroupView } from '@dproxy/core';
import type { Rehearsed } from '@dproxy/proxy';

/** What becomes of a request that nobody can take now, but that may wake somebody; undefined: nothing can be woken for it. */
export function describeWake(
  { answer, code, route }: Rehearsed,
  { wakeGroups }: Snapshot,
  views: readonly WakeGroupView[],
): ExplainedAnswer | undefined {
  const group = wakeGroups.get(route?.wakeGroup ?? '');
  if (group === undefined || answer !== 'error' || code !== 'no-backend-ready') return undefined;
  if (!group.autostart)
    return refusal('asleep', `${group.name} sleeps, and a request does not start it: wake.autostart`);
  const view = views.find(({ id }) => id === group.id);
  const problem = view?.failure ?? '';
  if (view?.state !== 'waking' && problem !== '' && (view?.retryAfterS ?? 0) > 0)
    return refusal('wake-failed', `${problem}; a request may start ${group.name} again in ${view?.retryAfterS ?? 0} s`);
  if (view?.state === 'asleep' && view.message !== '') return refusal('wake-failed', `${group.name}: ${view.message}`);
  const told = { type: 'wake', ok: true, status: 0, code: '', location: '' } as const;
  return { ...told, detail: `${hopeOf(group, view)} at most ${group.timeoutMs / 1_000} s${after(problem)}` };
}

function hopeOf({ name }: WakeGroup, view: WakeGroupView | undefined): string {
  if (view?.state === 'waking') return `${name} is being started (${view.message}): a request waits for it,`;
  if (view?.state === 'awake') return `${name} runs, but nobody is ready for this route: a request waits,`;
  return `${name} sleeps: a request starts it, and waits for`;
}

function after(problem: string): string {
  return problem === '' ? '' : `; its last start failed: ${problem}`;
}

function refusal(code: 'asleep' | 'wake-failed', why: string): ExplainedAnswer {
  const { status, message } = ERRORS[code];
  return {
    type: 'error',
    ok: false,
    status,
    code,
    location: '',
    detail: `answered with ${status}: ${message} (${why})`,
  };
}
