import { TYPE } from '../wire/message.ts';
import { isWithin, parentOf } from '../wire/name.ts';
import type { ServerAddress } from '../wire/server-address.ts';
import { addressesOf, askAny, LookupFailed, recordsOf } from './resolvers.ts';

/** A server that the zone names; one of its addresses answers for it. */
export interface NameServer {
  readonly name: string;
  /** Empty: its name leads nowhere. */
  readonly addresses: readonly ServerAddress[];
}

export interface Zone {
  readonly apex: string;
  readonly servers: readonly NameServer[];
}

export interface LookupContext {
  /** At least one. */
  readonly resolvers: readonly ServerAddress[];
  /** Port of authoritative servers. */
  readonly port: number;
}

/** More are not asked: a zone has at most 13 where its answer must fit into 512 bytes. */
const MAX_SERVERS = 16;

/**
 * The zone that `name` is in and its name servers, as the resolvers see them. Undefined: they know none.
 * @throws LookupFailed, or the signal's reason
 */
export async function findZone(name: string, context: LookupContext, signal: AbortSignal): Promise<Zone | undefined> {
  const apex = await findApex(name, context, signal);
  if (apex === '') return undefined;
  const question = { name: apex, type: TYPE.ns, isRecursive: true };
  const answer = await askAny(context.resolvers, question, signal);
  const names = recordsOf(answer.answers, apex, TYPE.ns).map(({ value }) => value);
  return names.length === 0 ? undefined : { apex, servers: await findServers(names, context, signal) };
}

export function findServers(
  names: readonly string[],
  { resolvers, port }: LookupContext,
  signal: AbortSignal,
): Promise<readonly NameServer[]> {
  const unique = [...new Set(names)].slice(0, MAX_SERVERS);
  return Promise.all(
    unique.map(async (name) => {
      const addresses = await addressesOf(name, resolvers, signal);
      return { name, addresses: addresses.map((host) => ({ host, port })) };
    }),
  );
}

/** By the SOA record, which an answer without the asked record carries, too (RFC 2308 section 3). Empty: none below the root. */
async function findApex(name: string, { resolvers }: LookupContext, signal: AbortSignal): Promise<string> {
  let failure: LookupFailed | undefined;
  for (let at = name; at !== ''; at = parentOf(at)) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- upwards, until one says
      const answer = await askAny(resolvers, { name: at, type: TYPE.soa, isRecursive: true }, signal);
      // What an alias leads to is another zone: recordsOf and isWithin leave it out.
      if (recordsOf(answer.answers, at, TYPE.soa).length > 0) return at;
      const isAlias = recordsOf(answer.answers, at, TYPE.cname).length > 0;
      const soa = answer.authorities.find(({ type }) => type === TYPE.soa);
      if (!isAlias && soa !== undefined && isWithin(at, soa.name)) return soa.name;
    } catch (error) {
      if (!(error instanceof LookupFailed)) throw error;
      // Where one label cannot be resolved, its parent may still be: a server that knows only our zone refuses the rest.
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
  return '';
}
