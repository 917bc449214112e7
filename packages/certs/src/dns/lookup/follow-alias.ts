// An authority follows CNAME records from _acme-challenge.<name>, so that a zone of its own can hold the answers (RFC 8555
// section 8.4, RFC 1034 section 3.6.2).
import { randomBytes } from 'node:crypto';
import { TYPE, type DnsMessage } from '../wire/message.ts';
import { isWithin, parentOf } from '../wire/name.ts';
import { askAny, askFastest, LookupFailed, recordsOf } from './resolvers.ts';
import { findServers, findZone, type LookupContext, type Zone } from './zone-servers.ts';

export interface RecordPlace {
  /** Where the TXT record must be made. */
  readonly name: string;
  /** Undefined: the resolvers do not say whose it is. */
  readonly zone: Zone | undefined;
  /** Whether any of its servers answered us. */
  readonly isReachable: boolean;
}

/** The aliases go round in a circle, or on and on. */
export class AliasLoop extends Error {
  override readonly name = 'AliasLoop';
}

/** What Let's Encrypt's resolver follows, roughly; more is a mistake. */
const MAX_ALIASES = 8;
const MAX_REFERRALS = 4;

/** @throws LookupFailed, AliasLoop, or the signal's reason */
export async function followAlias(
  recordName: string,
  context: LookupContext,
  signal: AbortSignal,
): Promise<RecordPlace> {
  let name = recordName;
  const seen = new Set<string>();
  for (;;) {
    if (seen.has(name) || seen.size > MAX_ALIASES) {
      throw new AliasLoop(`the CNAME records from ${recordName} do not end: ${[...seen, name].join(' -> ')}`);
    }
    seen.add(name);
    // oxlint-disable-next-line no-await-in-loop -- each leads to the next
    const { alias, ...place } = await lookAt(name, context, signal);
    if (alias === undefined) return { name, ...place };
    name = alias;
  }
}

/**
 * The zone's own servers are asked, because a resolver would remember for minutes that the name is not there. For the same
 * reason the zone is looked for from the parent on.
 */
async function lookAt(name: string, context: LookupContext, signal: AbortSignal) {
  let zone = await findZone(parentOf(name), context, signal);
  for (let referrals = 0; zone !== undefined && referrals <= MAX_REFERRALS; referrals += 1) {
    const servers = zone.servers.flatMap(({ addresses }) => addresses);
    const askThem = (asked: string) => askFastest(servers, { name: asked, type: TYPE.cname }, signal);
    let answer: DnsMessage;
    try {
      // oxlint-disable-next-line no-await-in-loop -- each referral leads to the next
      answer = await askThem(name);
    } catch (error) {
      if (!(error instanceof LookupFailed)) throw error;
      // Where only the resolvers may be asked (a firewall), they must do.
      break;
    }
    const referral = referralIn(answer, name, zone.apex);
    // oxlint-disable-next-line no-await-in-loop -- the last step
    if (referral === undefined) return { zone, isReachable: true, alias: await ownAlias(name, answer, askThem) };
    // oxlint-disable-next-line no-await-in-loop -- each referral leads to the next
    zone = { apex: referral.apex, servers: await findServers(referral.names, context, signal) };
  }
  const askThem = (asked: string) =>
    askAny(context.resolvers, { name: asked, type: TYPE.cname, isRecursive: true }, signal);
  return { zone, isReachable: false, alias: await ownAlias(name, await askThem(name), askThem) };
}

/**
 * Where the name's own CNAME record leads. One that only comes from a wildcard (`*.example.com CNAME ...`, which many have for their
 * hosts) gives way as soon as the name has a record (RFC 4592 section 2.2.1), so that the TXT record is made here, not there. It is
 * told by a neighbour that nobody has made and that leads to the same place.
 */
async function ownAlias(
  name: string,
  answer: DnsMessage,
  askThem: (name: string) => Promise<DnsMessage>,
): Promise<string | undefined> {
  const aliasOf = (message: DnsMessage, owner: string) => recordsOf(message.answers, owner, TYPE.cname)[0]?.value;
  const alias = aliasOf(answer, name);
  if (alias === undefined) return undefined;
  const neighbour = `_${randomBytes(8).toString('hex')}.${parentOf(name)}`;
  return aliasOf(await askThem(neighbour), neighbour) === alias ? undefined : alias;
}

/** `_acme-challenge.<name>` can be a zone of its own. */
function referralIn(answer: DnsMessage, name: string, apex: string): { apex: string; names: string[] } | undefined {
  if (answer.isAuthoritative || answer.answers.length > 0) return undefined;
  const records = answer.authorities.filter(
    (record) =>
      record.type === TYPE.ns && record.name !== apex && isWithin(record.name, apex) && isWithin(name, record.name),
  );
  const first = records[0];
  return first && { apex: first.name, names: records.filter((r) => r.name === first.name).map(({ value }) => value) };
}
