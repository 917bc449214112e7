import type { WakeGroup, WakeProgress } from '@dproxy/core';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import { fieldValues, type RequestHead } from '../http1/index.ts';
import type { Page } from '../pages/index.ts';
import { isNavigation } from '../pages/waiting/navigation.ts';
import { isOver, ofThisStart } from '../pages/waiting/page-state.ts';

export interface WaitingAnswerFacts {
  readonly head: RequestHead;
  readonly group: WakeGroup;
  /** The last word on it, as `WaitingRoom.progressOf` gives it; undefined: none. */
  readonly progress: WakeProgress | undefined;
  readonly compiled: Pick<CompiledSnapshot, 'waitingPages'>;
}

/**
 * What a request for a group that sleeps, and may be woken, gets: a browser's navigation a page at once, everybody else waits.
 *
 * Pages without a script come again by themselves: they are shown how the start has just ended, where they would begin another one
 * again and again. Who clicks wants another one.
 */
export function waitingAnswer({ head, group, progress, compiled }: WaitingAnswerFacts): Page | 'hold' {
  if (group.browsers === 'hold' || !isNavigation(head)) return 'hold';
  const { host, method } = head;
  const hasEnded = progress !== undefined && isOver(progress) && !isByHand(head);
  const known = hasEnded ? progress : ofThisStart(progress);
  return compiled.waitingPages.render({ group, progress: known, host, method });
}

/** The page is that of a start: whoever gets it wakes the group. */
export function isWaitingFor({ status }: Page): boolean {
  return status === 202;
}

/** A person has followed a link or typed an address (Fetch metadata). Browsers say so over HTTPS, and on loopback. */
function isByHand({ passed }: RequestHead): boolean {
  return fieldValues(passed, 'sec-fetch-user')[0] === '?1';
}
