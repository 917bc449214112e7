import { resolve } from 'node:path';
import { canonicalAddress, isLoopbackAddress, type EngineEndpoint, type ListenAddress } from '@dproxy/core';
import type { Read } from '../schema/field.ts';
import type { Facts } from './facts.ts';
import { readEngine } from './engine-from-environment.ts';
import { Inputs, type Environment } from './inputs.ts';
import { choosePaths } from './paths.ts';
import type { Paths, Problem } from './settings.ts';
import type { Flags } from './variables.ts';

/** What flags and variables say; undefined where they say nothing. They beat the file. */
export interface Overrides {
  readonly httpPort: number | undefined;
  readonly httpsPort: number | undefined;
  /** Where listeners without an address of their own bind: `::` (dual stack) where nobody says otherwise. */
  readonly bindHosts: readonly string[];
  readonly isBindNamed: boolean;
  readonly apiPort: number | undefined;
  readonly apiHost: string | undefined;
  readonly apiToken: string;
  readonly workers: number | 'auto' | undefined;
  readonly isSilent: boolean;
  readonly engines: readonly EngineEndpoint[] | undefined;
  readonly config: { readonly path: string; readonly isNamed: boolean };
  readonly paths: Paths;
  /** Non-empty: dproxy must not start. */
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

const PORT = 'a port from 0 to 65535';
const TOKEN = 'a token of printable ASCII characters without spaces';
const DEFAULT_FILES = ['/etc/dproxy.yml', '/etc/docker-proxy/docker-proxy.yaml'];

/** Reads all flags and variables of the contract. Pure; never throws: what is wrong is in `problems`, all of it. */
export function readEnvironment(env: Environment, flags: Flags, facts: Facts): Overrides {
  const inputs = new Inputs(env, flags);
  const path = (name: 'config' | 'pid' | 'ssl' | 'state' | 'pm2Home') =>
    inputs.read(name, 'a path', (raw): Read<string> => readPathname(raw, facts));
  const config = path('config');
  const bindHosts = readBindHosts(inputs, facts);
  const apiToken = inputs.read('apiToken', TOKEN, readToken) ?? '';
  if (apiToken !== '' && apiToken.length < 16)
    inputs.warnings.push('DOCKER_PROXY_API_TOKEN is short; 32 characters are safe');
  return {
    httpPort: inputs.read('port', PORT, readPort),
    httpsPort: inputs.read('sslPort', PORT, readPort),
    bindHosts: bindHosts ?? [hasIpv6(facts) ? '::' : '0.0.0.0'],
    isBindNamed: bindHosts !== undefined,
    apiPort: inputs.read('apiPort', PORT, readPort),
    apiHost: inputs.read('apiHost', 'an address such as 127.0.0.1', readApiHost),
    apiToken,
    workers: inputs.read('workers', 'a whole number from 1 to 256, or auto', readWorkers),
    isSilent: inputs.read('silent', '1 or 0', readFlag) ?? false,
    engines: readEngine(inputs, facts),
    config: { path: config ?? findDefaultFile(facts), isNamed: config !== undefined },
    paths: choosePaths(
      { state: path('state'), pid: path('pid'), ssl: path('ssl'), pm2Home: path('pm2Home') },
      env,
      facts,
    ),
    problems: inputs.problems,
    warnings: inputs.warnings,
  };
}

/** True where only this machine can connect to it. */
export function isLoopbackOnly(addresses: readonly ListenAddress[]): boolean {
  return addresses.every(({ host }) => isLoopbackAddress(host));
}

/** Where there is none yet, the first: it may be made later. */
function findDefaultFile(facts: Facts): string {
  return DEFAULT_FILES.find((file) => facts.fileExists(file)) ?? DEFAULT_FILES[0] ?? '';
}

function readPort(raw: string): Read<number> {
  const isPort = /^\d{1,5}$/.test(raw) && Number(raw) <= 65_535;
  return isPort ? { value: Number(raw) } : { problem: 'not a port' };
}

function readToken(raw: string): Read<string> {
  return /^[\x21-\x7e]{1,1024}$/.test(raw) ? { value: raw } : { problem: 'it could not be sent in a header' };
}

function readApiHost(raw: string): Read<string> {
  const address = raw === 'localhost' ? '127.0.0.1' : canonicalAddress(withoutBrackets(raw));
  return address === undefined ? { problem: 'not an address' } : { value: address };
}

function readWorkers(raw: string): Read<number | 'auto'> {
  if (raw === 'auto') return { value: 'auto' };
  const isCount = /^\d{1,3}$/.test(raw) && Number(raw) >= 1 && Number(raw) <= 256;
  return isCount ? { value: Number(raw) } : { problem: 'not a number of workers' };
}

function readFlag(raw: string): Read<boolean> {
  if (/^(?:1|true|yes|on)$/i.test(raw)) return { value: true };
  return /^(?:0|false|no|off)$/i.test(raw) ? { value: false } : { problem: 'neither yes nor no' };
}

function readPathname(raw: string, facts: Facts): Read<string> {
  if (raw.includes('\0')) return { problem: 'a NUL character' };
  return { value: resolve(facts.cwd, raw.replace(/^~(?=\/|$)/, facts.homedir)) };
}

/** HOST is exported by many shells as the machine's name, so that a value that cannot be bound must not end the start. */
function readBindHosts(inputs: Inputs, facts: Facts): readonly string[] | undefined {
  const said = inputs.said('hostname');
  if (said === undefined) return undefined;
  const value = withoutBrackets(said.value.trim());
  if (value === 'localhost') return ['127.0.0.1', '::1'].filter((host) => isOwn(host, facts));
  const address = canonicalAddress(value);
  if (address !== undefined && (address === '0.0.0.0' || address === '::' || isOwn(address, facts))) return [address];
  inputs.warnings.push(
    `${said.path} is ignored: ${JSON.stringify(said.value.slice(0, 80))} is no address of this machine`,
  );
  return undefined;
}

/** All of 127.0.0.0/8 can be bound on Linux, though only 127.0.0.1 is listed. */
function isOwn(address: string, { localAddresses }: Facts): boolean {
  if (address.startsWith('127.')) return true;
  return localAddresses.some((own) => canonicalAddress(own) === address);
}

/** A kernel without IPv6 has no socket for `::` either. */
function hasIpv6({ localAddresses }: Facts): boolean {
  return localAddresses.some((address) => address.includes(':'));
}

function withoutBrackets(text: string): string {
  return text.replace(/^\[(.*)\]$/, '$1');
}
