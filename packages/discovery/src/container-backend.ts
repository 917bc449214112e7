import type { Backend, BackendState } from '@dproxy/core';
import { chooseAddress, type AddressChoice, type Vantage } from './address-choice.ts';
import type { Container } from './container.ts';
import type { BackendClaims } from './dialects/dialect.ts';

export interface ReachFacts {
  readonly vantage: Vantage;
  /** For a container that uses the network of another one: that other one. */
  readonly networkOwner: Container | undefined;
  /** It was told to end, and has not yet. */
  readonly isDraining: boolean;
}

/** Stable while the container is the same one: `<12 hex>/<service>`. */
export function serviceId({ id }: Container, service: string): string {
  return `${id.slice(0, 12)}/${service === '' ? 'main' : service}`;
}

/** How one backend of a container is reached and spoken to. */
export interface BackendWish extends Pick<BackendClaims, 'backend' | 'network' | 'proxyProtocol' | 'tlsVerify'> {
  readonly port: number;
  readonly protocol: Backend['protocol'];
}

/** One backend of a container: its address when it may take requests, drains or is unhealthy, and why it takes none. */
export function backendOf(container: Container, wish: BackendWish, facts: ReachFacts): Backend {
  const { port } = wish;
  const base = {
    id: backendId(container, wish),
    name: container.name,
    protocol: wish.protocol,
    tlsVerify: wish.tlsVerify,
    proxyProtocol: wish.proxyProtocol,
    containerId: container.id,
  };
  const down = (state: BackendState, reason: string): Backend => ({ ...base, address: '', port, state, reason });
  const state = stateOf(container);
  if (state === 'paused') return down(state, `it is paused: docker unpause ${container.name}`);
  if (state === 'stopped') return down(state, stoppedReason(container));
  const choice = addressOf(container, wish, facts);
  if ('problem' in choice) return down('unreachable', choice.problem);
  if (state === 'starting') return down(state, 'its health check has not passed yet');
  // With its address: a route that panics asks it all the same.
  if (state === 'unhealthy') return { ...base, ...choice, state, reason: unhealthyReason(container) };
  if (facts.isDraining) return { ...base, ...choice, state: 'draining', reason: drainingReason(container) };
  return { ...base, ...choice, state: 'ready', reason: '' };
}

/**
 * `docker:<12 hex>/<name>:<port>`, and how it is spoken to unless that is plain HTTP: a connection that is not verified, or
 * that began with a PROXY header, must not serve a service that asked for something else.
 */
export function backendId(container: Container, { backend, port, protocol, tlsVerify, proxyProtocol }: BackendWish) {
  const isEncrypted = protocol === 'https' || protocol === 'h2';
  const marks = [
    protocol === 'http' ? '' : protocol,
    isEncrypted && !tlsVerify ? 'unverified' : '',
    proxyProtocol === '' ? '' : `proxy-${proxyProtocol}`,
  ];
  const suffix = marks.filter((mark) => mark !== '').map((mark) => `#${mark}`);
  return `docker:${serviceId(container, backend)}:${port}${suffix.join('')}`;
}

function addressOf(
  container: Container,
  { port, network, protocol }: BackendWish,
  { vantage, networkOwner }: ReachFacts,
): AddressChoice {
  const wish = { port, network, transport: protocol === 'udp' ? ('udp' as const) : ('tcp' as const) };
  if (!container.networkMode.startsWith('container:')) return chooseAddress(container, wish, vantage);
  if (networkOwner === undefined) return { problem: 'the container whose network it uses is gone' };
  return chooseAddress(networkOwner, wish, vantage);
}

type OwnState = Exclude<BackendState, 'unreachable' | 'draining'>;

function stateOf({ state, health }: Container): OwnState {
  if (state === 'paused') return 'paused';
  if (state !== 'running') return 'stopped';
  switch (health) {
    case 'starting':
    case 'unhealthy':
      return health;
    case 'healthy':
    case 'none':
      return 'ready';
    default:
      return health satisfies never;
  }
}

function unhealthyReason({ name }: Container): string {
  return `its health check fails: docker inspect ${name}`;
}

function drainingReason(container: Container): string {
  const forMs = drainMs(container);
  const back = Number.isFinite(forMs) ? `, unless it still runs ${forMs / 1_000} s later` : '';
  return `it was told to end, and takes no new requests${back}`;
}

/** An engine that has given a container its time and killed it needs a moment to say so. */
const KILL_MS = 1_000;

/** How long a container may take to end; one that runs after that goes on running. */
export function drainMs({ stopTimeoutMs }: Pick<Container, 'stopTimeoutMs'>): number {
  return stopTimeoutMs + KILL_MS;
}

function stoppedReason({ state, name }: Container): string {
  if (state === 'restarting') return `it ends and is restarted again and again: docker logs ${name}`;
  return state === 'removing' ? 'it is being removed' : `it does not run: docker start ${name}`;
}
