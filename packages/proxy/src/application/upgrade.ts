import { ServerResponse, type IncomingMessage } from 'node:http';
import { pipeline, type Duplex } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { RequestState, RequestStates, UpgradeOffer } from './request-state.ts';

type Routing = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Takes an Upgrade request through the plugins like any other request, so that one that asks for a password does so for
 * WebSockets too. node:http has no response object for it: this makes one.
 */
export function routeUpgrade(
  message: IncomingMessage,
  offer: UpgradeOffer,
  states: RequestStates,
  routing: Routing,
): void {
  states.addUpgrade(message, offer);
  // What breaks the socket is seen by its `close`; an unheard error would end the worker.
  offer.socket.on('error', () => offer.socket.destroy());
  const response = new ServerResponse(message);
  response.shouldKeepAlive = false;
  response.assignSocket(message.socket);
  response.on('finish', () => offer.socket.end());
  routing(message, response);
}

/** Only requests without a body may switch (RFC 9110 section 7.8): else body bytes could pass for the other protocol. */
export function mayUpgrade(message: IncomingMessage): boolean {
  const { headers } = message;
  return headers['content-length'] === undefined && headers['transfer-encoding'] === undefined;
}

/** A 101 must choose what the client has offered (RFC 9110 section 7.8; CVE-2026-2833). */
export function isOffered({ headers }: IncomingMessage, { upgrade, response }: RequestState): boolean {
  if (upgrade === undefined || headers.upgrade === undefined) return false;
  const offered = (response.req.headers.upgrade ?? '').toLowerCase().split(',');
  return offered.some((protocol) => protocol.trim() === headers.upgrade?.toLowerCase());
}

export interface AcceptedUpgrade {
  /** The 101. */
  readonly response: IncomingMessage;
  readonly socket: Duplex;
  /** Bytes that came with the 101. */
  readonly head: Buffer;
  readonly reply: FastifyReply;
  readonly state: RequestState;
}

/** The backend has switched: from here on both sides are bytes. */
export function acceptUpgrade({ response, socket, head, reply, state }: AcceptedUpgrade): void {
  const offer = state.upgrade;
  if (offer === undefined || reply.sent || offer.socket.destroyed) {
    socket.destroy();
    return;
  }
  reply.hijack();
  reply.raw.detachSocket(reply.raw.req.socket);
  const client = offer.socket;
  client.write(Buffer.concat([Buffer.from(switchingHead(response), 'latin1'), head]));
  if (offer.head.byteLength > 0) client.unshift(offer.head);
  const cut = (error: unknown) => {
    if (error === null || error === undefined) return;
    client.destroy();
    socket.destroy();
  };
  pipeline(client, socket, cut);
  pipeline(socket, client, cut);
}

function switchingHead(response: IncomingMessage): string {
  let head = `HTTP/1.1 101 ${response.statusMessage ?? ''}\r\n`;
  for (let index = 0; index + 1 < response.rawHeaders.length; index += 2) {
    head += `${response.rawHeaders[index]}: ${response.rawHeaders[index + 1]}\r\n`;
  }
  return `${head}\r\n`;
}
