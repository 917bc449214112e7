import type { MirrorFilter } from '@dproxy/core';
import type { PoolBalancer } from '../balance/pool-balancer.ts';
import type { RequestAdditions, RequestHead } from '../http1/index.ts';
import type { KeptBody } from '../upstream/kept-body.ts';
import { SideRequest } from '../upstream/side-request.ts';
import type { UpstreamPool } from '../upstream/upstream-pool.ts';
import type { CompiledFilter, Rehearsed, Verdict } from './compiled-filter.ts';
import type { FilterContext } from './filter-context.ts';
import type { FilteredRequest } from './filtered-request.ts';
import { type CountingFilter, inherited } from './inherited.ts';
import { otherBackends, sideAdditions } from './other-backends.ts';

/** Under way at a time, per filter and worker: slow mirrors cost copies of requests, not the service. */
const MAX_MIRRORED = 100;
/** Of an answer that is read for nothing; the connection of a longer one is not used again. */
const MAX_ANSWER_BYTES = 1_048_576;

export function compileMirror(filter: MirrorFilter, context: FilterContext): CompiledFilter {
  return new Mirror(
    filter,
    context,
    inherited(filter, context, (each) => each instanceof Mirror),
  );
}

/** A share of the requests goes to other backends, too. Nobody waits for them. */
class Mirror implements CountingFilter {
  readonly type = 'mirror';
  readonly filter: MirrorFilter;
  readonly #backends: PoolBalancer;
  /** Hundredths of a request: at 100 one is due, so that the share is spread evenly. */
  readonly #due: { percent: number };
  readonly #underWay: { count: number };

  constructor(filter: MirrorFilter, context: FilterContext, previous: Mirror | undefined) {
    const known = previous === undefined ? undefined : previous.#backends;
    this.filter = filter;
    this.#backends = otherBackends(filter.backends, context, known);
    this.#due = previous === undefined ? { percent: 0 } : previous.#due;
    this.#underWay = previous === undefined ? { count: 0 } : previous.#underWay;
  }

  onRequest(request: FilteredRequest): Verdict {
    const { head } = request;
    if (head.upgrade !== '' || !this.#isDue()) return undefined;
    const { maxBodyBytes } = this.filter;
    const additions = sideAdditions(request);
    if (request.downstream.body === undefined) this.#send(request, head, { additions, body: undefined });
    else if (head.framing === 'chunked' || head.contentLength <= maxBodyBytes) {
      request.wantBody(maxBodyBytes, (body) => this.#send(request, head, { additions, body }));
    }
    return undefined;
  }

  rehearse(): Rehearsed {
    return { detail: `shows ${this.filter.percent} % of the requests to other backends` };
  }

  #isDue(): boolean {
    this.#due.percent += this.filter.percent;
    if (this.#due.percent < 100) return false;
    this.#due.percent -= 100;
    return true;
  }

  #send(
    { downstream, route }: FilteredRequest,
    head: RequestHead,
    { additions, body }: { readonly additions: RequestAdditions; readonly body: KeptBody | undefined },
  ): void {
    const pool: UpstreamPool | undefined = this.#backends.next();
    const underWay = this.#underWay;
    if (pool === undefined || underWay.count >= MAX_MIRRORED) return;
    underWay.count++;
    SideRequest.start({
      pool,
      head,
      additions,
      body,
      client: downstream.peer.clientEndpoints(head.claims),
      connectMs: route.connectMs,
      waitMs: route.responseMs,
      maxBytes: MAX_ANSWER_BYTES,
      keepsAnswer: false,
      onDone: () => {
        underWay.count--;
      },
    });
  }
}
