import { ask } from '../wire/ask.ts';
import { MalformedMessage } from '../wire/malformed-message.ts';
import { CLASS, TYPE, type DnsMessage, type ResourceRecord } from '../wire/message.ts';
import { ServerSilent } from '../wire/exchange.ts';
import type { ServerAddress } from '../wire/server-address.ts';

/** Nobody of those that were asked gave an answer that can be used. */
export class LookupFailed extends Error {
  override readonly name = 'LookupFailed';
}

/** Long enough for a resolver that must ask around, short enough that three of them fit into any deadline. */
const TIMEOUT_MS = 4_000;
const FASTEST_TIMEOUT_MS = 2_000;

/** Asks the servers one after the other until one answers at all. @throws LookupFailed, or the signal's reason */
export async function askAny(
  servers: readonly ServerAddress[],
  { name, type, isRecursive }: { readonly name: string; readonly type: number; readonly isRecursive: boolean },
  signal: AbortSignal,
): Promise<DnsMessage> {
  const failures: string[] = [];
  for (const server of servers) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- the next one is asked only when this one fails
      const answer = await ask(server, name, type, { timeoutMs: TIMEOUT_MS, signal, isRecursive });
      if (answer.rcode === 'NOERROR' || answer.rcode === 'NXDOMAIN') return answer;
      failures.push(`${server.host} said ${answer.rcode}`);
    } catch (error) {
      if (!(error instanceof ServerSilent) && !(error instanceof MalformedMessage)) throw error;
      failures.push(error.message);
    }
  }
  const why = failures.length === 0 ? 'there is no server to ask' : failures.join('; ');
  throw new LookupFailed(`${name} could not be looked up: ${why}`);
}

/** Asks servers that are all as good at once, and takes the first answer. @throws LookupFailed, or the signal's reason */
export async function askFastest(
  servers: readonly ServerAddress[],
  { name, type }: { readonly name: string; readonly type: number },
  signal: AbortSignal,
): Promise<DnsMessage> {
  const enough = new AbortController();
  const options = {
    timeoutMs: FASTEST_TIMEOUT_MS,
    signal: AbortSignal.any([signal, enough.signal]),
    isRecursive: false,
  };
  try {
    return await Promise.any(
      servers.map(async (server) => {
        const answer = await ask(server, name, type, options);
        if (answer.rcode !== 'NOERROR' && answer.rcode !== 'NXDOMAIN') throw new Error(`it said ${answer.rcode}`);
        return answer;
      }),
    );
  } catch (error) {
    signal.throwIfAborted();
    throw new LookupFailed(`${name} could not be looked up: none of its ${servers.length} name servers answered`, {
      cause: error,
    });
  } finally {
    enough.abort();
  }
}

/** The records of this name and type; those that an alias led to have another name. */
export function recordsOf(section: readonly ResourceRecord[], name: string, type: number): readonly ResourceRecord[] {
  return section.filter((record) => record.type === type && record.class === CLASS.in && record.name === name);
}

/** Addresses of a host; aliases are followed by the resolver. */
export async function addressesOf(
  host: string,
  resolvers: readonly ServerAddress[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const answers = await Promise.allSettled(
    [TYPE.a, TYPE.aaaa].map((type) => askAny(resolvers, { name: host, type, isRecursive: true }, signal)),
  );
  signal.throwIfAborted();
  return answers.flatMap((answer) =>
    answer.status === 'fulfilled'
      ? answer.value.answers.filter(({ type }) => type === TYPE.a || type === TYPE.aaaa).map(({ value }) => value)
      : [],
  );
}
