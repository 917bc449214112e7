import type { Duplex } from 'node:stream';
import type { CompiledRoute } from '../compiled-route.ts';
import type { Peer, PluginSender } from '../downstream/peer.ts';
import type { Tunnel, TunnelClient } from '../tunnel/tunnel.ts';

/** Where a response is written. */
export interface ResponseSink {
  /** Something that was written has not left yet, and its memory must not change. */
  readonly holdsBytes: boolean;
  /** @returns false when the writer should pause until `onDownstreamDrain` */
  writeText(latin1: string): boolean;
  writeBytes(bytes: Buffer): boolean;
  /** What is written until `uncork` leaves together. */
  cork(): void;
  uncork(): void;
}

/** The body of a request, which waits until there is somebody to send it to. */
export interface RequestBodySource {
  /** It has been read to its end. */
  readonly isDone: boolean;
  /** Bytes of it have arrived already: who sends them does not wait for a 100. */
  readonly isWaiting: boolean;
  /** From now on it goes to the exchange (`onRequestBody`, `onRequestComplete`), first what is waiting. */
  open(): void;
  /** It waits, until `open`: there is nobody to send it to. */
  hold(): void;
  /** The backend does not take more for the moment; that time does not count against the client. */
  pause(): void;
  resume(): void;
}

/** Where an exchange's request comes from and its response goes to. HTTP/1.1 now; a stream of HTTP/2 fits the same shape. */
export interface Downstream {
  readonly peer: Peer;
  readonly isEncrypted: boolean;
  readonly listenerId: string;
  /** For requests that plugins send on: the route that was chosen for the client's request. */
  readonly chosenRoute: CompiledRoute | undefined;
  /** Of the current request; undefined when it has none. */
  readonly body: RequestBodySource | undefined;
  readonly out: ResponseSink;
  /** The client's end, for a tunnel. */
  readonly tunnelClient: TunnelClient;
  /** The connection may carry another request after this one. */
  readonly mayKeepAlive: boolean;

  /** The response is written. Without `keepAlive` the connection is closed, gently. */
  finish(keepAlive: boolean): void;
  /** The response cannot be completed. `isEndByClose`: a plain close would look like a complete body, so reset. */
  cut(isEndByClose: boolean): void;
  /** The exchange is over; from now on bytes go to and from the tunnel. @returns bytes that were already here */
  startTunnel(tunnel: Tunnel): Buffer;
  /** A new connection in memory, whose other end is served like this one, but with `route` chosen and no plugins. */
  forward(route: CompiledRoute, sender: PluginSender): Duplex;
}

/** The request has been read to its end. */
export function isRequestComplete({ body }: Downstream): boolean {
  return body === undefined || body.isDone;
}
