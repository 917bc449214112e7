import type { Limits } from '@dproxy/core';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import type { DownstreamOptions } from './downstream-owner.ts';
import { ClientPeer, type Peer } from './peer.ts';

/** How one connection is seen under the Snapshot of its current request: its limits, and who is at the other end. */
export class ClientView {
  readonly #options: DownstreamOptions;
  compiled: CompiledSnapshot;
  peer: Peer;

  constructor(options: DownstreamOptions) {
    this.#options = options;
    this.compiled = options.services.compiled;
    this.peer = options.chosen?.peer ?? this.#lookAgain();
  }

  get limits(): Limits {
    return this.compiled.limits;
  }

  /** Between two requests: a new Snapshot may know the client differently. */
  refresh(): void {
    const { services, chosen } = this.#options;
    if (this.compiled === services.compiled) return;
    this.compiled = services.compiled;
    if (chosen === undefined) this.peer = this.#lookAgain();
  }

  #lookAgain(): Peer {
    return new ClientPeer(this.#options.endpoints, this.#options.owner.listener, this.compiled);
  }
}
