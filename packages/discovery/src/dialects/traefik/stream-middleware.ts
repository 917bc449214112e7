import { show } from '../show.ts';
import type { Named } from './labels.ts';
import { readCidrs } from './middlewares/values.ts';
import { readReference } from './names.ts';
import { Report, Section } from './section.ts';

/** What the middlewares of a TCP router ask. */
export interface StreamLimits {
  /** CIDRs; undefined: everybody. */
  readonly clients: readonly string[] | undefined;
  /** 0: no limit. */
  readonly connectionsPerClient: number;
}

const NONE: StreamLimits = { clients: undefined, connectionsPerClient: 0 };

export function readStreamMiddleware({ name, pairs }: Named): StreamLimits & { readonly report: Report } {
  const section = new Section(`traefik.tcp.middlewares.${name}`, pairs);
  const list = section.sub('ipallowlist') ?? section.sub('ipwhitelist');
  const count = section.sub('inflightconn');
  const clients = list === undefined ? undefined : readCidrs(list, 'sourcerange');
  if (list !== undefined && clients?.length === 0 && !section.report.hasFailed) {
    list.refuse('sourcerange', 'addresses or networks such as 192.0.2.0/24, separated by commas');
  }
  const connectionsPerClient = count?.integer('amount', 0, 1_000_000) ?? 0;
  list?.finish();
  count?.finish();
  section.finish();
  if (list === undefined && count === undefined && !section.report.hasFailed) {
    section.report.refuse(`${show(section.label(''))} has no type`, 'ipallowlist.sourcerange or inflightconn.amount');
  }
  return { clients, connectionsPerClient, report: section.report };
}

/** All of them at once. The report has failed when one is missing: nobody is let in without it. */
export function resolveStreamMiddlewares(
  names: readonly string[],
  find: (name: string, isConfigured: boolean) => Named | undefined,
  label: string,
): StreamLimits & { readonly report: Report } {
  const report = new Report();
  let limits = NONE;
  for (const raw of names) {
    const { name, provider } = readReference(raw);
    const isKnown = provider === 'docker' || provider === 'file';
    const named = isKnown ? find(name, provider === 'file') : undefined;
    if (named === undefined) {
      report.refuse(
        `${show(label)}: the middleware ${show(raw)} is not in labels`,
        `labels traefik.tcp.middlewares.${show(name)}.<type>.<option>, or the same in docker.dialects.traefik.labels of dproxy.yml`,
      );
      continue;
    }
    const read = readStreamMiddleware(named);
    const [first] = read.report.problems;
    if (read.report.hasFailed) {
      report.refuse(`${show(label)}: ${show(raw)} cannot be honoured: ${first?.message ?? ''}`, first?.expected ?? '');
    }
    if (limits.clients !== undefined && read.clients !== undefined) {
      report.refuse(`${show(label)}: two lists of addresses`, 'one ipallowlist with what both allow');
    }
    limits = {
      clients: limits.clients ?? read.clients,
      connectionsPerClient: strictest(limits.connectionsPerClient, read.connectionsPerClient),
    };
  }
  return { ...limits, report };
}

function strictest(a: number, b: number): number {
  if (a === 0 || b === 0) return a + b;
  return Math.min(a, b);
}
