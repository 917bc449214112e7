import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ApplicationExchange } from './application-exchange.ts';

/** The socket of a request that asks for another protocol, which node:http has let go of. */
export interface UpgradeOffer {
  readonly socket: Duplex;
  /** Bytes that the client sent after its head. */
  readonly head: Buffer;
}

/** What dproxy keeps beside a request while plugins work on it. */
export interface RequestState {
  readonly exchange: ApplicationExchange;
  readonly response: ServerResponse;
  /** The headers before any plugin: what differs from them later, a plugin has changed. */
  readonly originalHeaders: IncomingHttpHeaders;
  readonly upgrade: UpgradeOffer | undefined;
}

/** Kept outside of the request objects, where plugins can neither see nor change it. */
export class RequestStates {
  readonly #exchanges = new WeakMap<Duplex, ApplicationExchange>();
  readonly #responses = new WeakMap<Duplex, ServerResponse>();
  readonly #upgrades = new WeakMap<IncomingMessage, UpgradeOffer>();
  readonly #states = new WeakMap<IncomingMessage, RequestState>();

  addConnection(socket: Duplex, exchange: ApplicationExchange): void {
    this.#exchanges.set(socket, exchange);
  }

  addUpgrade(message: IncomingMessage, offer: UpgradeOffer): void {
    this.#upgrades.set(message, offer);
  }

  /** Before any plugin runs. @throws Error for a connection that is not ours */
  begin(message: IncomingMessage, response: ServerResponse): RequestState {
    const state: RequestState = {
      exchange: this.exchangeOf(message.socket),
      response,
      originalHeaders: { ...message.headers },
      upgrade: this.#upgrades.get(message),
    };
    this.#states.set(message, state);
    this.#responses.set(message.socket, response);
    return state;
  }

  /** @throws Error for a connection that is not ours */
  exchangeOf(socket: Duplex): ApplicationExchange {
    const exchange = this.#exchanges.get(socket);
    if (exchange === undefined) throw new Error('a request on a connection that was not handed over');
    return exchange;
  }

  /** The response that is being written on a connection; undefined before its request has been read. */
  responseOn(socket: Duplex): ServerResponse | undefined {
    return this.#responses.get(socket);
  }

  of(message: IncomingMessage): RequestState {
    const state = this.#states.get(message);
    if (state === undefined) throw new Error('a request that has not begun');
    return state;
  }
}
