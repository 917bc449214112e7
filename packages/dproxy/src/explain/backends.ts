import { refusedAddress, type ExplainedBackend, type Route, type Snapshot } from '@dproxy/core';

/** Every backend of a route, and why some are passed over. @param ready the ids of those that are not */
export function describeBackends(
  { action, balance }: Route,
  { backends, settings }: Snapshot,
  ready: ReadonlySet<string>,
): ExplainedBackend[] {
  if (action.type !== 'forward') return [];
  return action.backends.map(({ backendId: id, weight }) => {
    const mayBeChosen = ready.has(id);
    const backend = backends.get(id);
    if (backend === undefined) {
      const reason = 'the table has no such backend';
      return { id, name: id, protocol: '', address: '', port: 0, state: 'unknown', weight, mayBeChosen, reason };
    }
    const { name, protocol, address, port, state } = backend;
    const reason = mayBeChosen
      ? ''
      : whyNot(backend, { weight, isSticky: balance.sticky !== null }, settings.ownAddresses);
    return { id, name, protocol, address, port, state, weight, mayBeChosen, reason };
  });
}

function whyNot(
  {
    state,
    reason,
    containerId,
    address,
    port,
  }: { state: string; reason: string; containerId: string; address: string; port: number },
  { weight, isSticky }: { readonly weight: number; readonly isSticky: boolean },
  ownAddresses: readonly string[],
): string {
  if (state !== 'ready') return reason === '' ? `it is ${state}` : reason;
  if (weight === 0 && isSticky) return 'its weight is 0: it takes only clients whose cookie names it';
  if (weight === 0) return 'its weight is 0: it takes no new requests';
  const refused = containerId === '' ? undefined : refusedAddress(address, port, ownAddresses);
  return refused === undefined ? 'it cannot be used' : `its address is refused: ${refused}`;
}
