import { IssueError } from '../ports.ts';
import type { RecordPlace } from './lookup/follow-alias.ts';
import { waitForTxt, type Missing, type Target, type TxtRecordSeen } from './lookup/propagation.ts';
import { formatServer, type ServerAddress } from './wire/server-address.ts';

/**
 * Resolves when the world can see the record: at all name servers of its zone, and at the operator's resolvers where there are
 * some. Those come last, because a resolver that is asked too early remembers that the record is not there; and with them, name
 * servers may be silent, because a firewall may let only them through.
 * @throws IssueError that names the servers without it, or the signal's reason
 */
export async function confirmPropagation(
  record: TxtRecordSeen,
  {
    place,
    resolvers,
    deadlineMs,
    signal,
  }: {
    readonly place: RecordPlace;
    /** Empty: only the zone's own servers count. */
    readonly resolvers: readonly ServerAddress[];
    readonly deadlineMs: number;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const end = performance.now() + deadlineMs;
  // Those that were silent a moment ago are not waited for once more where the resolvers decide.
  const known = place.isReachable || resolvers.length === 0 ? (place.zone?.servers ?? []) : [];
  const servers = known.map(({ name, addresses }): Target => ({
    name,
    addresses,
    isRecursive: false,
    mayBeSilent: resolvers.length > 0,
  }));
  if (servers.length === 0 && resolvers.length === 0) {
    throw new IssueError('unreachable', `the name servers of ${record.name} could not be found`, { advice: ADVICE });
  }
  const asked = resolvers.map((server): Target => ({
    name: formatServer(server),
    addresses: [server],
    isRecursive: true,
    mayBeSilent: false,
  }));
  for (const targets of [servers, asked]) {
    const left = { deadlineMs: Math.max(0, end - performance.now()), signal };
    // oxlint-disable-next-line no-await-in-loop -- the resolvers after the zone's servers
    const missing = targets.length === 0 ? [] : await waitForTxt(record, targets, left);
    if (missing.length > 0) throw notThere(record, missing, deadlineMs);
  }
}

const ADVICE =
  'Check that this machine may ask name servers on port 53, or set acme.resolvers; where it sees other names than the world, set acme.dns.propagationCheck: false.';

function notThere({ name }: TxtRecordSeen, missing: readonly Missing[], deadlineMs: number): IssueError {
  const isSilent = missing.every((server) => server.isSilent);
  const list = missing.map(({ server, why }) => (why.startsWith(server) ? why : `${server} ${why}`)).join('; ');
  return new IssueError(
    isSilent ? 'unreachable' : 'unauthorized',
    `the TXT record ${name} was not everywhere after ${deadlineMs} ms: ${list}`,
    {
      advice: isSilent
        ? ADVICE
        : 'The domain may be delegated to other name servers than those of acme.dns.provider; if they only need longer, raise acme.dns.propagationMs.',
    },
  );
}
