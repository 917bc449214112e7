import {
  type AllowClientsFilter,
  type AllowHostsFilter,
  canonicalHost,
  compileCidrs,
  compileClientOf,
} from '@dproxy/core';
import type { CompiledFilter } from './compiled-filter.ts';

/** Only these hosts; 403 for others. @throws RangeError for what is no host */
export function compileAllowHosts({ type, hosts }: AllowHostsFilter): CompiledFilter {
  const allowed = new Set(
    hosts.map((raw) => {
      const host = canonicalHost(raw);
      if (host === undefined) throw new RangeError(`found ${JSON.stringify(raw)}, expected a host name`);
      return host;
    }),
  );
  return {
    type,
    onRequest: (request) => (allowed.has(request.original.host) ? undefined : request.refusal(403)),
    rehearse: (request) => {
      const { host } = request.original;
      if (allowed.has(host)) return { detail: `lets ${host} pass` };
      return { detail: `answers 403: ${host} is none of ${list(hosts)}`, answer: request.refusal(403) };
    },
  };
}

/**
 * Only clients with these addresses. Who the client is, `x-forwarded-for` says only where a trusted proxy has written it.
 *
 * @throws RangeError for what is no range, or no status of an error
 */
export function compileAllowClients({ type, ranges, by, status }: AllowClientsFilter): CompiledFilter {
  if (status < 400 || status > 599) throw new RangeError(`found status ${status}, expected 400 to 599`);
  const isAllowed = compileCidrs(ranges);
  const clientOf = compileClientOf({ ...by, ipv6Prefix: 0 });
  return {
    type,
    onRequest: (request) => (isAllowed(clientOf(request.counted)) ? undefined : request.refusal(status)),
    rehearse: (request) => {
      const client = clientOf(request.counted);
      if (isAllowed(client)) return { detail: `lets ${client} pass` };
      return { detail: `answers ${status}: ${client} is not in ${list(ranges)}`, answer: request.refusal(status) };
    },
  };
}

/** For people, who need not see thousands. */
function list(entries: readonly string[]): string {
  const shown = entries.slice(0, 10).join(', ');
  return entries.length > 10 ? `${shown} and ${entries.length - 10} more` : shown;
}
