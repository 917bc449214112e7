import type { ListenPlan } from '@dproxy/config';
import type { ListenAddress, Listener } from '@dproxy/core';
import { probePort, type Probe } from './probe-port.ts';

export interface DecidedListeners {
  readonly listeners: readonly Listener[];
  /** Why a port is not the one that was wanted, a sentence each. */
  readonly notes: readonly string[];
}

/** The start cannot go on; the message is for the user, one line per port. */
export class PortError extends Error {
  override readonly name = 'PortError';
}

/**
 * Decides once which ports to use (contract: "Ports"). `ownPorts` are those that workers left from before serve: they count
 * as free, because SO_REUSEPORT lets the next generation join them, and they are kept even when the first choice is free now.
 * @throws PortError when a port cannot be had, naming each
 */
export async function decideListeners(
  plans: readonly ListenPlan[],
  ownPorts: ReadonlySet<number>,
): Promise<DecidedListeners> {
  const decisions = await Promise.all(plans.map((plan) => decide(plan, ownPorts)));
  const problems = decisions.flatMap((decision) => decision.problems);
  if (problems.length > 0) throw new PortError(problems.join('\n'));
  return {
    listeners: decisions.map(({ plan, addresses }) => toListener(plan, addresses)),
    notes: decisions.flatMap((decision) => decision.notes),
  };
}

interface Decision {
  readonly plan: ListenPlan;
  readonly addresses: readonly ListenAddress[];
  readonly problems: readonly string[];
  readonly notes: readonly string[];
}

async function decide(plan: ListenPlan, ownPorts: ReadonlySet<number>): Promise<Decision> {
  const { fallbackPort } = plan;
  // Whether UDP can be had is known when workers bind it.
  if (plan.protocol === 'udp') return { plan, addresses: plan.addresses, problems: [], notes: [] };
  const wanted = await probeAll(plan.addresses, ownPorts);
  if (plan.isNamed || fallbackPort === 0) return { plan, ...wanted, notes: [] };
  const isOnFallback = ownPorts.has(fallbackPort) && !plan.addresses.some(({ port }) => ownPorts.has(port));
  if (wanted.problems.length === 0 && !isOnFallback) return { plan, ...wanted, notes: [] };
  const second = await probeAll(
    plan.addresses.map(({ host }) => ({ host, port: fallbackPort })),
    ownPorts,
  );
  if (second.problems.length > 0)
    return { plan, ...second, problems: [...wanted.problems, ...second.problems], notes: [] };
  return { plan, ...second, notes: wanted.problems.map((problem) => `${problem}; ${fallbackPort} is used instead`) };
}

async function probeAll(addresses: readonly ListenAddress[], ownPorts: ReadonlySet<number>) {
  const probes = await Promise.all(
    addresses.map(async (address) => ({ address, probe: await probePort(address, ownPorts) })),
  );
  return {
    addresses: probes.map(({ address, probe }) => (probe.result === 'free' ? probe.address : address)),
    problems: probes.flatMap(({ address, probe }) => explain(address, probe)),
  };
}

function explain({ host, port }: ListenAddress, probe: Probe): string[] {
  const where = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  switch (probe.result) {
    case 'free':
      return [];
    case 'taken':
      return [`${where} cannot be had: another program holds it`];
    case 'forbidden':
      return [
        `${where} cannot be had: this user may not bind it (CAP_NET_BIND_SERVICE, or a port above 1023, would do)`,
      ];
    case 'impossible':
      return [`${where} cannot be had: ${probe.reason}`];
    default:
      return probe satisfies never;
  }
}

function toListener(plan: ListenPlan, addresses: readonly ListenAddress[]): Listener {
  return {
    id: plan.id,
    protocol: plan.protocol,
    addresses,
    publicPort: plan.publicPort === 0 ? (addresses[0]?.port ?? 0) : plan.publicPort,
    proxyProtocol: plan.proxyProtocol,
  };
}
