import { compileAddressPolicy, isLoopbackAddress } from '@dproxy/core';
import type { Attachment, Container, PortBinding } from './container.ts';

/** Where dproxy stands, seen from one engine. */
export interface Vantage {
  /** On the engine's host, in one of its containers, or elsewhere. */
  readonly kind: 'host' | 'container' | 'remote';
  /** Ids of the networks whose addresses dproxy can reach. */
  readonly networks: ReadonlySet<string>;
  /** Where ports answer that are published on all addresses of the engine's host; empty: nowhere that dproxy knows. */
  readonly publishedAddress: string;
  /** The container that dproxy runs in; empty outside. */
  readonly ownName: string;
}

export type AddressChoice =
  | { readonly address: string; readonly port: number }
  /** A sentence with the command that mends it. */
  | { readonly problem: string };

export interface AddressWish {
  readonly port: number;
  /** The label's network. */
  readonly network: string | undefined;
  /** What the port is one of. */
  readonly transport: 'tcp' | 'udp';
}

/** Link-local and metadata addresses; dproxy's own listeners are refused where all sources are merged. */
const refuse = compileAddressPolicy([]);

/**
 * Only what the engine reports for this container, in this order: for a remote engine the published port; else the
 * label's network; else a network that dproxy shares, the first by name; else the published port.
 */
export function chooseAddress(container: Container, wish: AddressWish, vantage: Vantage): AddressChoice {
  const choice = candidate(container, wish, vantage);
  if ('problem' in choice) return choice;
  const reason = refuse(choice.address, choice.port);
  return reason === undefined ? choice : { problem: `${choice.address} is refused: ${reason}` };
}

function candidate(container: Container, wish: AddressWish, vantage: Vantage): AddressChoice {
  if (container.networkMode === 'host') return onEngineHost(container, wish.port, vantage);
  if (vantage.kind === 'remote') {
    return publishedPort(container, wish, vantage) ?? { problem: publishHint(container, wish, vantage) };
  }
  if (wish.network !== undefined) return onNamedNetwork(container, wish.network, wish.port, vantage);
  const shared = container.attachments.find(
    ({ networkId, address }) => address !== '' && vantage.networks.has(networkId),
  );
  if (shared !== undefined) return { address: shared.address, port: wish.port };
  return publishedPort(container, wish, vantage) ?? { problem: connectHint(container, wish, vantage) };
}

function onEngineHost({ name, attachments }: Container, port: number, vantage: Vantage): AddressChoice {
  const { kind, networks, publishedAddress } = vantage;
  const isHere = kind === 'host' && attachments.some(({ networkId }) => networks.has(networkId));
  if (isHere) return { address: '127.0.0.1', port };
  if (kind !== 'host' && publishedAddress !== '') return { address: publishedAddress, port };
  return { problem: `${name} shares the network of the engine's own machine, which dproxy cannot reach from here` };
}

function onNamedNetwork(container: Container, wanted: string, port: number, vantage: Vantage): AddressChoice {
  const attachment = findNetwork(container, wanted);
  if (attachment === undefined) {
    return { problem: `it is not on the network ${wanted}: docker network connect ${wanted} ${container.name}` };
  }
  if (!vantage.networks.has(attachment.networkId)) return { problem: joinHint(attachment.network, container, vantage) };
  if (attachment.address === '') return { problem: `it has no address on the network ${wanted}` };
  return { address: attachment.address, port };
}

/** Compose puts the project in front of a network's name; the file, where labels are written, has it without. */
function findNetwork({ attachments, labels }: Container, wanted: string): Attachment | undefined {
  const project = labels.get('com.docker.compose.project');
  return (
    attachments.find(({ network }) => network === wanted) ??
    attachments.find(({ network }) => project !== undefined && network === `${project}_${wanted}`)
  );
}

function publishedPort(
  { published, publishedUdp }: Container,
  { port, transport }: AddressWish,
  vantage: Vantage,
): AddressChoice | undefined {
  for (const binding of (transport === 'tcp' ? published : publishedUdp).get(port) ?? []) {
    const address = bindingAddress(binding, vantage);
    if (address !== '') return { address, port: binding.port };
  }
  return undefined;
}

function bindingAddress({ address }: PortBinding, { kind, publishedAddress }: Vantage): string {
  if (address === '' || address === '0.0.0.0') return publishedAddress;
  if (address === '::') return publishedAddress === '127.0.0.1' ? '::1' : publishedAddress;
  // Published for the engine's host alone.
  return isLoopbackAddress(address) && kind !== 'host' ? '' : address;
}

function publishHint({ name }: Container, { port, transport }: AddressWish, { publishedAddress }: Vantage): string {
  const suffix = transport === 'tcp' ? '' : '/udp';
  return `${name} runs on another machine: publish its port there (docker run -p ${port}:${port}${suffix}, on ${publishedAddress || 'an address that dproxy reaches'})`;
}

function connectHint(container: Container, { port, transport }: AddressWish, vantage: Vantage): string {
  if (vantage.kind === 'host' && vantage.networks.size === 0) {
    return `the engine's networks cannot be reached from here: publish the port (docker run -p 127.0.0.1::${port}${transport === 'tcp' ? '' : '/udp'})`;
  }
  const [first] = container.attachments;
  if (first !== undefined && first.network !== 'none') return joinHint(first.network, container, vantage);
  return `it is on no network: docker network connect bridge ${container.name}`;
}

function joinHint(network: string, container: Container, { kind, ownName }: Vantage): string {
  if (kind === 'container')
    return `dproxy is not on the network ${network}: docker network connect ${network} ${ownName}`;
  return `the host cannot reach the network ${network}: docker network connect bridge ${container.name}`;
}
