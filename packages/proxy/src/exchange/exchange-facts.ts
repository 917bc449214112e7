import type { CompiledRoute } from '../compiled-route.ts';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import type { FilteredRequest } from '../filters/index.ts';
import type { RequestHead } from '../http1/index.ts';
import type { Services } from '../services.ts';
import type { Downstream } from './downstream.ts';

/** What is known of one request on its way: all that its answers are made of. The exchange itself, so that none is built for it. */
export interface ExchangeFacts {
  readonly head: RequestHead;
  readonly downstream: Downstream;
  readonly services: Services;
  /** That it began with; a later one, once it has waited for a backend. */
  readonly compiled: CompiledSnapshot;
  /** That was chosen last; undefined: none yet. */
  readonly route: CompiledRoute | undefined;
  /** Of that route; undefined: it has no filters, or they were not asked yet. */
  readonly filtered: FilteredRequest | undefined;
}
