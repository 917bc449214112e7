import type { MatchScope } from '@dproxy/core';
import type { ForwardedClaims } from '../http1/index.ts';
import type { Endpoints } from './endpoints.ts';
import type { Peer, UsedBackend } from './peer.ts';
import type { TlsFacts } from './tls-facts.ts';

/** What a request that plugins send on has of the client's request. */
export interface PluginSender {
  /** The forwarding lines that the client's request was given. */
  readonly forwardedBlock: string;
  readonly answeredBy: (used: UsedBackend) => void;
}

/** The sender of what plugins send on: still the client whose request they got, with the lines that it was given then. */
export class PluginPeer implements Peer {
  readonly answeredBy: (used: UsedBackend) => void;
  readonly tls: TlsFacts | undefined;
  readonly #client: Peer;
  readonly #forwardedBlock: string;

  constructor(client: Peer, { forwardedBlock, answeredBy }: PluginSender) {
    this.answeredBy = answeredBy;
    this.tls = client.tls;
    this.#client = client;
    this.#forwardedBlock = forwardedBlock;
  }

  get address(): string {
    return this.#client.address;
  }

  forwardedBlock(): string {
    return this.#forwardedBlock;
  }

  clientAddress(claims: ForwardedClaims): string {
    return this.#client.clientAddress(claims);
  }

  clientEndpoints(claims: ForwardedClaims): Endpoints {
    return this.#client.clientEndpoints(claims);
  }

  claimedProto(claims: ForwardedClaims): 'http' | 'https' | '' {
    return this.#client.claimedProto(claims);
  }

  scope(claims: ForwardedClaims): MatchScope {
    return this.#client.scope(claims);
  }

  mayDebug(): boolean {
    return false;
  }
}
