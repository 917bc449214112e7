import type { RequestHead } from '../http1/index.ts';
import { withHsts } from '../https/hsts.ts';
import type { Page } from '../pages/index.ts';
import { type Downstream, isRequestComplete } from './downstream.ts';
import type { ExchangeFacts } from './exchange-facts.ts';

/** A page of ours as its client gets it: behind the filters of its route, and with what the route says about HTTPS. */
export function ownAnswer(page: Page, { head, downstream, compiled, route, filtered }: ExchangeFacts): Page {
  const shown = filtered === undefined ? page : filtered.page(page);
  return withHsts(shown, compiled, route, { head, entry: downstream });
}

/** Whether the connection may carry another request after an answer that is written now. */
export function staysOpen(downstream: Downstream, { keepAlive }: RequestHead): boolean {
  return isRequestComplete(downstream) && downstream.mayKeepAlive && keepAlive;
}
