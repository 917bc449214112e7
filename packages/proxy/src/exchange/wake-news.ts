import { ERRORS, ProxyError, type WakeProgress } from '@dproxy/core';
import type { RequestHead } from '../http1/index.ts';
import { isOver, ofThisStart } from '../pages/waiting/page-state.ts';
import type { Services } from '../services.ts';
import { findPlace, type Place, wakeGroupOf } from '../waiting/place.ts';
import type { Waiter } from '../waiting/visit.ts';
import type { Downstream } from './downstream.ts';
import { WakeStream } from './wake-stream.ts';

export interface WakeNewsOptions {
  readonly place: Place;
  readonly head: RequestHead;
  readonly downstream: Pick<Downstream, 'out' | 'peer' | 'isHalfClosed'>;
  readonly services: Pick<Services, 'waiting' | 'wheel' | 'compiled' | 'isDraining'>;
  /** Header lines of the answer: `EVENT_HEADERS`, as the route's filters let them out. */
  readonly headers: string;
  /** The connection may carry another request behind the stream. */
  readonly keepAlive: boolean;
  /** The answer is complete. */
  readonly onEnd: (bytes: number) => void;
}

/**
 * A waiting page that listens. It waits like a request, within the same bounds, so that a page alone is enough to wake a group; it
 * is told when it is admitted, and asks again itself.
 */
export class WakeNews implements Waiter {
  readonly #options: WakeNewsOptions;
  readonly #groupId: string;
  readonly #stream: WakeStream;
  #leave: () => void = () => undefined;

  /** @throws ProxyError `asleep`, `no-backend-ready`, `too-many-waiting`; nothing was sent then */
  constructor(options: WakeNewsOptions) {
    const { place, head, downstream, services, headers, keepAlive } = options;
    const { waiting, wheel, compiled } = services;
    const found = findPlace(compiled, place);
    const group = found === undefined ? undefined : wakeGroupOf(compiled, found);
    if (found === undefined || group === undefined) throw new ProxyError('no-backend-ready', place.id);
    const isAwake = found.staffing !== 'none';
    if (!isAwake && !group.autostart) throw new ProxyError('asleep', group.id);
    this.#options = options;
    this.#groupId = group.id;
    const client = downstream.peer.clientAddress(head.claims);
    const untilMs = performance.now() + group.timeoutMs;
    const outlook = { kind: 'wake', group, untilMs } as const;
    const left = isAwake ? () => undefined : waiting.enter({ place, client, waiter: this, outlook });
    if (left instanceof ProxyError) throw left;
    const unlisten = waiting.onProgress(group.id, (progress) => this.#onProgress(progress));
    this.#leave = () => {
      left();
      unlisten();
    };
    this.#stream = new WakeStream({ out: downstream.out, head, name: group.name, wheel, headers, keepAlive });
    if (isAwake) {
      this.onAdmitted();
      return;
    }
    this.#stream.tell(ofThisStart(waiting.progressOf(group.id)));
    if (services.isDraining) this.onDrain();
  }

  get mayBeGone(): boolean {
    return this.#options.downstream.isHalfClosed;
  }

  onAdmitted(): void {
    this.#end(() => this.#stream.end('awake', this.#said('awake', '')));
  }

  onTurnedAway(error: ProxyError): void {
    const last = this.#options.services.waiting.progressOf(this.#groupId);
    // What is said to one client alone, such as that it asks for too much, is no word on the group.
    const isOfGroup = last !== undefined && isOver(last) && last.message === error.detail;
    this.#end(() => this.#stream.end('failed', isOfGroup ? last : this.#why(error)));
  }

  /** The worker goes: the page asks another one. */
  onDrain(): void {
    this.#end(() => this.#stream.close());
  }

  onDownstreamDrain(): void {
    this.#stream.onDownstreamDrain();
  }

  /** The client is gone. */
  drop(): void {
    this.#leave();
    this.#stream.drop();
  }

  /** What ends it comes from the waiting room as well, as the last word. */
  #onProgress(progress: WakeProgress): void {
    if (!isOver(progress)) this.#stream.tell(progress);
  }

  #why({ code, told, retryAfterS }: ProxyError): WakeProgress {
    if (code === 'wake-failed') return { ...this.#said('refused', told), retryAfterS };
    return this.#said('failed', ERRORS[code].message);
  }

  #said(state: WakeProgress['state'], message: string): WakeProgress {
    const { steps = [], log = [] } = this.#options.services.waiting.progressOf(this.#groupId) ?? {};
    return { group: this.#groupId, state, message, retryAfterS: 0, steps, log };
  }

  #end(say: () => void): void {
    this.#leave();
    say();
    this.#options.onEnd(this.#stream.bytes);
  }
}
