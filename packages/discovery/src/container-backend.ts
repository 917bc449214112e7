import type { Backend, BackendState } from '@dproxy/core';
import { chooseAddress, type AddressChoice, type Vantage } from './address-choice.ts';
import type { Container } from './container.ts';
import type { ServiceClaims } from './dialects/dialect.ts';

export interface ReachFacts {
  readonly vantage: Vantage;
  /** For a container that uses the network of another one: that other one. */
  readonly networkOwner: Container | undefined;
}

/** Stable while the container is the same one: `<12 hex>/<service>`. */
export function serviceId({ id }: Container, service: string): string {
  return `${id.slice(0, 12)}/${service === '' ? 'main' : service}`;
}

/** The backend of one service: its address when it takes requests, else why not. */
export function backendOf(container: Container, claims: ServiceClaims, port: number, facts: ReachFacts): Backend {
  const base = {
    id: `docker:${serviceId(container, claims.backend)}:${port}`,
    name: container.name,
    protocol: claims.protocol,
    tlsVerify: claims.tlsVerify,
    proxyProtocol: claims.proxyProtocol,
    containerId: container.id,
  };
  const down = (state: BackendState, reason: string): Backend => ({ ...base, address: '', port, state, reason });
  const state = stateOf(container);
  if (state === 'paused') return down(state, `it is paused: docker unpause ${container.name}`);
  if (state === 'stopped') return down(state, stoppedReason(container));
  const choice = addressOf(container, { port, network: claims.network }, facts);
  if ('problem' in choice) return down('unreachable', choice.problem);
  if (state === 'starting') return down(state, 'its health check has not passed yet');
  if (state === 'unhealthy') return down(state, `its health check fails: docker inspect ${container.name}`);
  return { ...base, ...choice, state: 'ready', reason: '' };
}

function addressOf(
  container: Container,
  wish: { readonly port: number; readonly network: string | undefined },
  { vantage, networkOwner }: ReachFacts,
): AddressChoice {
  if (!container.networkMode.startsWith('container:')) return chooseAddress(container, wish, vantage);
  if (networkOwner === undefined) return { problem: 'the container whose network it uses is gone' };
  return chooseAddress(networkOwner, wish, vantage);
}

type OwnState = Exclude<BackendState, 'unreachable'>;

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

function stoppedReason({ state, name }: Container): string {
  if (state === 'restarting') return `it ends and is restarted again and again: docker logs ${name}`;
  return state === 'removing' ? 'it is being removed' : `it does not run: docker start ${name}`;
}
