import type { Duplex } from 'node:stream';
import type { Entry } from '../client/peer.ts';
import type { PluginSender } from '../client/plugin-peer.ts';
import type { CompiledRoute } from '../compiled-route.ts';
import type { DecoderOutput, RequestHead, ResponseAdditions, ResponseHead } from '../http1/index.ts';
import type { Page } from '../pages/index.ts';
import type { Tunnel, TunnelClient } from '../tunnel/tunnel.ts';

/**
 * Where a response goes: told what to send, not how it looks on the wire.
 *
 *     sendInterim* --> sendHead --> sendBody, flush ... --> sendEnd
 *                 \--> sendPage                              \--> Downstream.finish, or cut before the end
 *                 \--> sendSwitch --> Downstream.startTunnel
 *
 * @throws ProxyError `upstream-malformed` for a head that cannot be said to this client; nothing of it was sent then
 */
export interface ResponseSink {
  /** Something that was given has not left yet, and its memory must not change. */
  readonly holdsBytes: boolean;
  /** The body of the request may come. */
  sendContinue(): void;
  /** A 1xx other than 100 and 101. */
  sendInterim(head: ResponseHead): void;
  /**
   * The final head; it may wait for `flush`, so that it leaves together with what follows.
   *
   * @returns the form in which a chunked body is wanted: `wire` is canonical chunked coding, its last chunk included
   */
  sendHead(head: ResponseHead, additions: ResponseAdditions): DecoderOutput;
  /** @param bytes must not change until `flush`, and after it while `holdsBytes` */
  sendBody(bytes: Buffer, start: number, end: number): void;
  /** What was given leaves now. @returns false when the giver should pause until `onDownstreamDrain` */
  flush(): boolean;
  /** The response is complete, and leaves. @param trailers header lines, each ended by CRLF; usually empty */
  sendEnd(trailers: string): void;
  /** A whole response of our own. */
  sendPage(page: Page, head: RequestHead, keepAlive: boolean): void;
  /** A 101, or what stands for it. */
  sendSwitch(head: ResponseHead, additions: ResponseAdditions): void;
}

/** The body of a request, which waits until there is somebody to send it to. */
export interface RequestBodySource {
  /** It has been read to its end. */
  readonly isDone: boolean;
  /** Bytes of it have arrived already: who sends them does not wait for a 100. */
  readonly isWaiting: boolean;
  /**
   * From now on it goes to the exchange (`onRequestBody`, `onRequestComplete`), first what is waiting.
   *
   * @param form of a chunked body; may change between attempts, as long as nothing was taken of it
   */
  open(form: DecoderOutput): void;
  /** It waits, until `open`: there is nobody to send it to. */
  hold(): void;
  /** The backend does not take more for the moment; that time does not count against the client. */
  pause(): void;
  resume(): void;
}

/** Where an exchange's request comes from and its response goes to: a connection of HTTP/1.1, or a stream of HTTP/2. */
export interface Downstream extends Entry {
  /** A stream of HTTP/2: then a gRPC client is told of errors as gRPC does. */
  readonly isHttp2: boolean;
  /** The client has ended its side behind its request: it has finished sending, or is gone (docs/adr/0003). */
  readonly isHalfClosed: boolean;
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
  /** The response cannot be completed, and the client must be able to tell: never a clean end. */
  cut(): void;
  /** The exchange is over; from now on bytes go to and from the tunnel. @returns bytes that were already here */
  startTunnel(tunnel: Tunnel): Buffer;
  /** A new connection in memory, whose other end is served like this one, but with `route` chosen and no plugins. */
  forward(route: CompiledRoute, sender: PluginSender): Duplex;
}

/** The request has been read to its end. */
export function isRequestComplete({ body }: Downstream): boolean {
  return body === undefined || body.isDone;
}
