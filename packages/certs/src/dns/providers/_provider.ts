// For tests: a provider as the solver opens it, without the lookups around it.
import { DNS_PROVIDERS, type DnsProviderName, type DnsProviderRow, type Environment } from '@dproxy/config';
import { silentLog, type Log } from '@dproxy/core';
import type { DnsProvider, TxtRecord } from '../dns-provider.ts';
import { ZoneMemory } from '../zone-memory.ts';
import { PROVIDERS } from '../providers.ts';
import { Turns } from '../turns.ts';

interface Opened {
  readonly options: Readonly<Record<string, string>>;
  readonly env?: Environment;
  readonly log?: Log;
  readonly nowMs?: () => number;
}

export function openProvider(
  name: DnsProviderName,
  { options, env = {}, log = silentLog, nowMs = Date.now }: Opened,
): DnsProvider {
  const row: DnsProviderRow = DNS_PROVIDERS[name];
  const option = (key: string) => options[key] ?? row.options[key]?.default ?? '';
  const secrets = Object.keys(row.options)
    .filter((key) => row.options[key]?.isSecret)
    .map(option);
  return PROVIDERS[name]({
    title: row.title,
    option,
    secrets,
    ttl: Number(option('ttl')),
    timeoutMs: Number(option('timeoutMs')),
    env,
    log,
    nowMs,
    zones: new ZoneMemory(nowMs),
    turns: new Turns(),
  });
}

export function recordOf(name: string, value: string, zone = ''): TxtRecord {
  const host = name.replace('_acme-challenge.', '');
  return { name, value, zone, host, token: '-token', keyAuthorization: '-token.thumbprint' };
}

/** The error of what must fail. */
export function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'it succeeded',
    (error: unknown) => error,
  );
}
