import type { WakeGroup, WakeProgress } from '@dproxy/core';
import type { CompiledSnapshot } from '../../compiled-snapshot.ts';
import type { RequestHead } from '../../http1/index.ts';
import type { Page } from '../../pages/index.ts';
import { isNavigation } from './navigation.ts';
import { ofThisStart } from './page-state.ts';

export interface WaitingAnswerFacts {
  readonly head: RequestHead;
  readonly group: WakeGroup;
  /** The last word on it; undefined: none. */
  readonly progress: WakeProgress | undefined;
  readonly compiled: Pick<CompiledSnapshot, 'waitingPages'>;
}

/** What a request for a group that sleeps, and may be woken, gets: a browser's navigation a page at once, everybody else waits. */
export function waitingAnswer({ head, group, progress, compiled }: WaitingAnswerFacts): Page | 'hold' {
  if (group.browsers === 'hold' || !isNavigation(head)) return 'hold';
  const { host, method } = head;
  return compiled.waitingPages.render({ group, progress: ofThisStart(progress), host, method });
}
