import { canonicalHost, type Listener, type MatchScope } from '@dproxy/core';
import { ClientPeer } from '../client/client-peer.ts';
import type { Endpoints } from '../client/endpoints.ts';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import type { CompiledStream } from '../compiled-streams.ts';
import { NO_CLAIMS } from '../http1/index.ts';
import type { Services } from '../services.ts';
import type { ClientHello } from '../tls/client-hello.ts';
import { ACME_PROTOCOL, type AwaitedCertificate, chooseTls, leafNameOf } from '../tls/tls-choice.ts';
import type { HandshakeChoice, TriedWaits } from './tls-handshake.ts';

/** ALPN of HTTP, in the order of our preference. */
const HTTP_PROTOCOLS = ['h2', 'http/1.1'] as const;

export interface Entrance {
  readonly services: Services;
  readonly listener: Listener;
  readonly endpoints: Endpoints;
}

/** Where a client comes in, and what is served there. */
export interface Doorstep {
  readonly compiled: CompiledSnapshot;
  readonly listener: Listener;
  readonly endpoints: Endpoints;
}

/** To whom a client comes, by its ClientHello: a stream, or HTTP where the listener has it. */
export function chooseEntrance(hello: ClientHello, tried: TriedWaits, entrance: Entrance): HandshakeChoice {
  const stream = streamFor(hello, doorstepOf(entrance));
  if (stream !== undefined) return toStream(hello, tried, entrance, stream);
  if (entrance.listener.protocol === 'https') return toHttp(hello, tried, entrance);
  return { type: 'refuse', alert: 'unrecognized_name', reason: 'no stream of this listener has this name' };
}

function toStream(hello: ClientHello, tried: TriedWaits, entrance: Entrance, stream: CompiledStream): HandshakeChoice {
  if (stream.route.tls !== 'terminate') return { type: 'pass', stream };
  const choice = chooseTls(hello, {
    ...contextOf(tried, entrance),
    isRouted: () => true,
    leafFor: (host) => leafNameOf(host, (pattern) => pattern === stream.route.host),
  });
  return choice.type === 'serve' ? { ...choice, protocols: stream.route.alpn, stream } : choice;
}

function toHttp(hello: ClientHello, tried: TriedWaits, entrance: Entrance): HandshakeChoice {
  const scope = scopeOf(doorstepOf(entrance));
  const { table } = entrance.services.compiled;
  const choice = chooseTls(hello, {
    ...contextOf(tried, entrance),
    isRouted: (host) => table.lookup(host, '/', scope).outcome !== 'route-unknown',
    leafFor: (host) => leafNameOf(host, (pattern) => table.nearestPattern(pattern, scope) === pattern),
  });
  return choice.type === 'serve' ? { ...choice, protocols: HTTP_PROTOCOLS, stream: undefined } : choice;
}

function contextOf(tried: TriedWaits, { services }: Entrance) {
  const { compiled, secureContexts, certificateHold } = services;
  const canOrder = compiled.settings.tls.onDemand && certificateHold !== undefined;
  return {
    table: compiled.tls,
    contexts: secureContexts,
    mayWaitFor: (certificate: AwaitedCertificate) => !tried.has(certificate) && (certificate === 'any' || canOrder),
  };
}

function doorstepOf({ services: { compiled }, listener, endpoints }: Entrance): Doorstep {
  return { compiled, listener, endpoints };
}

function scopeOf({ compiled, listener, endpoints }: Doorstep): MatchScope {
  return new ClientPeer(endpoints, listener, compiled).scope(NO_CLAIMS);
}

/** Undefined: none takes it. */
export function streamFor(
  { serverName, protocols }: Pick<ClientHello, 'serverName' | 'protocols'>,
  doorstep: Doorstep,
): CompiledStream | undefined {
  const { compiled, listener, endpoints } = doorstep;
  const streams = compiled.streams.byListener.get(listener.id);
  if (streams === undefined) return undefined;
  const isHttp = listener.protocol === 'https';
  // An authority that asks about an order of ours gets our answer, whoever has the name.
  const isOurValidation = protocols.length === 1 && protocols[0] === ACME_PROTOCOL && serverName !== undefined;
  if (isOurValidation && compiled.tls.challengeFor(serverName) !== undefined) return undefined;
  // Where there is HTTP, who names nobody may mean any of its hosts.
  if (isHttp && serverName === undefined) return undefined;
  const name = serverName === undefined ? '' : (canonicalHost(serverName) ?? '');
  const client = endpoints.remoteAddress;
  const stream = streams.findTls({ serverName: name, protocols, client });
  if (stream === undefined) return isHttp ? undefined : streams.findPlain(client);
  return isHttp && isHttpNearer(name, stream, doorstep) ? undefined : stream;
}

/**
 * A stream has the names that it names. Of `*.example.com` and `*` it has what no HTTP route names more exactly: else one
 * container that asks for all names would take everybody's sites.
 */
function isHttpNearer(name: string, { route: { host } }: CompiledStream, doorstep: Doorstep): boolean {
  if (!host.startsWith('*')) return false;
  const pattern = doorstep.compiled.table.nearestPattern(name, scopeOf(doorstep));
  return pattern.startsWith('*') ? pattern.length > host.length : pattern !== '';
}
