import type { CompiledRoute } from '../compiled-route.ts';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import type { FilteredRequest } from '../filters/index.ts';
import type { RequestHead } from '../http1/index.ts';
import { withHsts } from '../https/hsts.ts';
import type { Page } from '../pages/index.ts';
import { type Downstream, isRequestComplete } from './downstream.ts';

export interface Answered {
  readonly head: RequestHead;
  readonly downstream: Downstream;
  readonly compiled: CompiledSnapshot;
  /** Undefined: none was chosen yet. */
  readonly route: CompiledRoute | undefined;
  readonly filtered: FilteredRequest | undefined;
}

/** A page of ours as its client gets it: behind the filters of its route, and with what the route says about HTTPS. */
export function ownAnswer(page: Page, { head, downstream, compiled, route, filtered }: Answered): Page {
  const shown = filtered === undefined ? page : filtered.page(page);
  return withHsts(shown, compiled, route, { head, entry: downstream });
}

/** Whether the connection may carry another request after an answer that is written now. */
export function staysOpen(downstream: Downstream, { keepAlive }: RequestHead): boolean {
  return isRequestComplete(downstream) && downstream.mayKeepAlive && keepAlive;
}
