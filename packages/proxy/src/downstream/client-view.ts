import type { Limits } from '@dproxy/core';
import { ClientPeer } from '../client/client-peer.ts';
import type { Peer } from '../client/peer.ts';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import type { DownstreamOptions } from './downstream-owner.ts';

/** Room for what dproxy and plugins add to a head that was within the limits when it came. */
const ADDED_BYTES = 65_536;
const ADDED_LINES = 100;

/** How one connection is seen under the Snapshot of its current request: its limits, and who is at the other end. */
export class ClientView {
  readonly #options: DownstreamOptions;
  compiled: CompiledSnapshot;
  limits: Limits;
  peer: Peer;

  constructor(options: DownstreamOptions) {
    this.#options = options;
    this.compiled = options.services.compiled;
    this.limits = this.#currentLimits();
    this.peer = options.chosen?.peer ?? this.#lookAgain();
  }

  /** Between two requests: a new Snapshot may know the client differently. */
  refresh(): void {
    const { services, chosen } = this.#options;
    if (this.compiled === services.compiled) return;
    this.compiled = services.compiled;
    this.limits = this.#currentLimits();
    if (chosen === undefined) this.peer = this.#lookAgain();
  }

  #currentLimits(): Limits {
    const { limits } = this.compiled;
    if (this.#options.chosen === undefined) return limits;
    return { ...limits, headBytes: limits.headBytes + ADDED_BYTES, headerCount: limits.headerCount + ADDED_LINES };
  }

  #lookAgain(): Peer {
    return new ClientPeer(this.#options.endpoints, this.#options.owner.listener, this.compiled);
  }
}
