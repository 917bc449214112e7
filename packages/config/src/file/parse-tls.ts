import { didYouMean, type TlsProfile } from '@dproxy/core';
import { describeValue, unknownKey, type Finding } from '../schema/explain-issue.ts';
import { readHost } from '../schema/host-name.ts';
import { tlsHost, tlsProfile, type TlsHostEntry } from '../schema/tls.ts';
import type { Path } from '../yaml/locations.ts';
import type { TlsHost, TlsSection } from './parsed-file.ts';
import type { Reading } from './reading.ts';

const KEYS = ['profile', 'hosts'];

/**
 * `tls`, each host alone. What is refused elsewhere is left out; here that would serve a host without the client certificates
 * that somebody wanted for it. So the hosts of a refused entry stay, closed, as far as they can be read.
 *
 * @param key what the section is called in the file: `tls`, or what was probably meant to be that
 */
export function parseTls(raw: unknown, key: string, reading: Reading): TlsSection | undefined {
  if (!isRecord(raw)) {
    const message = `tls: found ${describeValue(raw)}`;
    reading.refuse({ section: 'tls' }, [
      { path: [key], isKey: false, message, expected: 'a map with the keys profile, hosts' },
    ]);
    return undefined;
  }
  for (const name of Object.keys(raw)) {
    if (!KEYS.includes(name)) reading.refuse({ section: 'tls', name }, [unknownKey([key, name], KEYS)]);
  }
  return { profile: readProfile(raw, key, reading), hosts: readHosts(raw, key, reading) };
}

function readProfile(
  { profile }: Readonly<Record<string, unknown>>,
  key: string,
  reading: Reading,
): TlsProfile | undefined {
  if (profile === undefined || profile === null) return undefined;
  const result = reading.validate(tlsProfile, profile, [key, 'profile']);
  if ('value' in result) return result.value;
  reading.refuse({ section: 'tls', name: 'profile' }, result.findings);
  return undefined;
}

function readHosts(raw: Readonly<Record<string, unknown>>, key: string, reading: Reading): readonly TlsHost[] {
  const name = Object.keys(raw).find((each) => each === 'hosts' || didYouMean(each, KEYS) === 'hosts');
  const list = name === undefined ? undefined : raw[name];
  if (name === undefined || list === undefined || list === null) return [];
  if (!Array.isArray(list)) {
    const message = `tls.hosts: found ${describeValue(list)}`;
    reading.refuse({ section: 'tls', name: 'hosts' }, [
      { path: [key, name], isKey: false, message, expected: 'a list of hosts' },
    ]);
    return closed(list, 0, reading.lineOf([key, name]));
  }
  const hosts = new Map<string, TlsHost>();
  for (const [index, entry] of list.entries()) {
    const path = [key, name, index];
    const result = reading.validate(tlsHost, entry, path);
    const findings = 'findings' in result ? result.findings : findTaken(result.value, hosts, path);
    if (findings.length > 0) reading.refuse({ section: 'tls', index, id: idOf(entry) }, findings);
    const line = reading.lineOf(path);
    const isGood = findings.length === 0 && 'value' in result && name === 'hosts' && key === 'tls';
    const read = isGood ? opened(result.value, index, line) : closed(entry, index, line);
    for (const host of read) {
      // A second entry must not take away what the first one demands.
      if (host.clientCertificates !== undefined || !hosts.has(host.host)) hosts.set(host.host, host);
    }
  }
  return [...hosts.values()];
}

function opened({ host, profile, clientCertificates }: TlsHostEntry, index: number, line: number): TlsHost[] {
  const certificates =
    clientCertificates === undefined
      ? undefined
      : { mode: clientCertificates.mode ?? ('require' as const), ca: clientCertificates.ca };
  return [...new Set(host)].map((name) => ({
    host: name,
    profile,
    clientCertificates: certificates,
    isRefused: false,
    index,
    line,
  }));
}

/** The hosts of a refused entry: nobody gets in, unless nothing but the profile was asked for. */
function closed(entry: unknown, index: number, line: number): TlsHost[] {
  if (!isRecord(entry)) return [];
  const asksForMore = Object.keys(entry).some((key) => key !== 'profile' && key !== hostKey(entry));
  const clientCertificates = asksForMore ? { mode: 'require' as const, ca: '' } : undefined;
  return readableHosts(entry).flatMap((host) =>
    host === undefined ? [] : { host, profile: undefined, clientCertificates, isRefused: true, index, line },
  );
}

/** `RefusedPart.id`: the hosts; empty when one of them cannot be read. */
function idOf(entry: unknown): string {
  const hosts = isRecord(entry) ? readableHosts(entry) : [];
  return hosts.includes(undefined) ? '' : hosts.join();
}

function readableHosts(entry: Readonly<Record<string, unknown>>): (string | undefined)[] {
  const key = hostKey(entry);
  const written = key === undefined ? [] : [entry[key]].flat();
  return written.map((raw) => {
    const read = typeof raw === 'string' ? readHost(raw) : undefined;
    return read !== undefined && 'value' in read ? read.value : undefined;
  });
}

function hostKey(entry: Readonly<Record<string, unknown>>): string | undefined {
  return Object.keys(entry).find((key) => key === 'host' || didYouMean(key, ['host', 'profile']) === 'host');
}

function findTaken({ host }: TlsHostEntry, taken: ReadonlyMap<string, TlsHost>, path: Path): Finding[] {
  return host.flatMap((name, position) => {
    const holder = taken.get(name);
    if (holder === undefined) return [];
    const message = `tls.hosts[${Number(path[2])}].host: ${name} stands in tls.hosts[${holder.index}] (line ${holder.line}) already`;
    return [{ path: [...path, 'host', position], isKey: false, message, expected: 'each host in one entry' }];
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
