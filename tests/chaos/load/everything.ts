import { randomBytes } from 'node:crypto';
import { CALM_HOST, HOST, ONLY_HOST, type Site } from '../site.ts';
import { Http1Requests } from './http1-requests.ts';
import { Http2Requests } from './http2-requests.ts';
import { OpenLoop } from './open-loop.ts';
import type { RequestKind } from './tally.ts';
import { WebSocketMessages } from './web-socket-messages.ts';

/** Every way to ask at once: some 200 requests a second to the replicas, and messages to the container that nobody touches. */
export function askEverything(site: Site): OpenLoop {
  return new OpenLoop([...safeRequests(site), postRequests(site, HOST, 20), webSockets(site)]);
}

/** To the host with one container: not more than may wait for it, of every client and of all together. */
export function askTheOnlyOne(site: Site): OpenLoop {
  const { product, certificates } = site;
  const plain = { port: product.httpPort, host: ONLY_HOST, clients: 16 };
  const tls = { port: product.httpsPort, host: ONLY_HOST, ca: certificates.ca };
  return new OpenLoop([
    new Http1Requests({ name: 'HTTP/1.1, new', perSecond: 15, target: plain, isKept: false }),
    new Http1Requests({ name: 'HTTP/1.1, kept', perSecond: 15, target: plain, isKept: true }),
    new Http2Requests({ name: 'HTTP/2', perSecond: 2, target: tls, sessions: 1 }),
    postRequests(site, ONLY_HOST, 10),
  ]);
}

function safeRequests({ product, certificates }: Site): RequestKind[] {
  const plain = { port: product.httpPort, host: HOST };
  const tls = { port: product.httpsPort, host: HOST, ca: certificates.ca };
  return [
    new Http1Requests({ name: 'HTTP/1.1, new', perSecond: 50, target: plain, isKept: false }),
    new Http1Requests({ name: 'HTTP/1.1, kept', perSecond: 50, target: plain, isKept: true }),
    new Http1Requests({ name: 'HTTPS, new', perSecond: 15, target: tls, isKept: false }),
    new Http1Requests({ name: 'HTTPS, kept', perSecond: 25, target: tls, isKept: true }),
    new Http2Requests({ name: 'HTTP/2', perSecond: 40, target: tls, sessions: 3 }),
  ];
}

/** Each with an id of its own, which the origins write down. */
function postRequests({ product }: Site, host: string, perSecond: number): RequestKind {
  const run = randomBytes(4).toString('hex');
  return new Http1Requests({
    name: 'POST',
    perSecond,
    target: { port: product.httpPort, host, clients: 16 },
    isKept: true,
    post: (number) => ({ path: `/posts/${run}-${number}`, body: `body ${number}` }),
  });
}

function webSockets({ product }: Site): RequestKind {
  const target = { port: product.httpPort, host: CALM_HOST };
  return new WebSocketMessages({ name: 'WebSocket', perSecond: 20, target, connections: 4 });
}
