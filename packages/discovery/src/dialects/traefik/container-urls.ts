import { isIpv4, type Filter } from '@dproxy/core';
import type { Container } from '../../container.ts';
import type { OfferedByName } from './offers.ts';

interface Place {
  readonly container: Pick<Container, 'attachments'>;
  readonly network: string | undefined;
  /** Containers that offer this name, with their addresses by network. */
  readonly find: (name: string) => readonly OfferedByName[];
}

/**
 * `http://authelia:9091` means a container on a network of the router's own. Traefik runs there and asks Docker for the name;
 * dproxy may run on the host, where nobody knows it. Names that no container has stay as they are.
 */
export function withAddresses(filters: readonly Filter[], place: Place): readonly Filter[] {
  if (!filters.some(({ type }) => type === 'forwardAuth')) return filters;
  return filters.map((filter) =>
    filter.type === 'forwardAuth' ? { ...filter, url: addressed(filter.url, place) } : filter,
  );
}

function addressed(raw: string, { container, network, find }: Place): string {
  const url = new URL(raw);
  // The certificate of an https server is checked by its name.
  if (url.protocol !== 'http:' || url.hostname.includes('.')) return raw;
  const wanted = network === undefined ? container.attachments.map((each) => each.network) : [network];
  const wantedName = url.hostname.toLowerCase();
  // Names of containers are unique; whoever has it as a service of compose comes behind.
  const places = find(wantedName).toSorted((a, b) => Number(isCalled(b, wantedName)) - Number(isCalled(a, wantedName)));
  for (const { pairs } of places) {
    const address = pairs.find(([name, value]) => value !== '' && wanted.includes(name))?.[1];
    if (address === undefined) continue;
    url.hostname = isIpv4(address) ? address : `[${address}]`;
    return url.href;
  }
  return raw;
}

function isCalled({ from }: OfferedByName, name: string): boolean {
  return from.toLowerCase() === name;
}
