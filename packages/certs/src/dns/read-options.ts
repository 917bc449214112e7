import { readFileSync, statSync } from 'node:fs';
import {
  DNS_PROVIDERS,
  isDnsProviderName,
  type DnsOption,
  type DnsProviderName,
  type DnsProviderRow,
  type DnsSettings,
  type Environment,
  type Problem,
} from '@dproxy/config';
import { didYouMean, hideUserInfo } from '@dproxy/core';
import { expectedOption } from './expected-option.ts';

/** What the operator said, completed from the environment and the defaults. */
export interface DnsOptions {
  readonly provider: DnsProviderName;
  readonly title: string;
  /** Only what is not empty. */
  readonly values: ReadonlyMap<string, string>;
  readonly secrets: readonly string[];
}

const MAX_FILE_BYTES = 65_536;

/**
 * Reads the options anew from environment and files, so that a secret that was changed in its file holds without a restart.
 * @returns problems, or the options when there are none
 */
export function readDnsOptions(
  { provider, options }: DnsSettings,
  env: Environment,
): { readonly options: DnsOptions } | { readonly problems: readonly Problem[] } {
  if (!isDnsProviderName(provider)) return { problems: [unknownProvider(provider)] };
  const row: DnsProviderRow = DNS_PROVIDERS[provider];
  const problems = Object.keys(options)
    .filter((name) => !Object.hasOwn(row.options, name))
    .map((name) => unknownOption(name, provider, row));
  const values = new Map<string, string>();
  for (const [name, option] of Object.entries(row.options)) {
    const said = readOption(name, option, { options, env, problems });
    if (said === undefined) continue;
    const expected = expectedOption(provider, name, said.value);
    if (expected !== '')
      problems.push(badOption(said.path, option.isSecret ? 'a text' : hideUserInfo(said.value), expected));
    values.set(name, said.value);
  }
  problems.push(...missingOptions(row, values));
  if (problems.length > 0) return { problems };
  const secrets = [...values].filter(([name]) => row.options[name]?.isSecret === true).map(([, value]) => value);
  return { options: { provider, title: row.title, values, secrets } };
}

/** What must be mended before the provider can work: shown at the start. Empty: nothing. No network is touched. */
export function validateDnsSettings(settings: DnsSettings, env: Environment): readonly Problem[] {
  const read = readDnsOptions(settings, env);
  return 'problems' in read ? read.problems : [];
}

interface Said {
  readonly value: string;
  readonly path: string;
}

interface Sources {
  readonly options: DnsSettings['options'];
  readonly env: Environment;
  readonly problems: Problem[];
}

/** The file first, then each variable and its `_FILE`; empty counts as not said. */
function readOption(name: string, option: DnsOption, { options, env, problems }: Sources): Said | undefined {
  const own = Object.hasOwn(options, name) ? (options[name] ?? '').trim() : '';
  if (own !== '') return { value: own, path: `acme.dns.${name}` };
  for (const variable of option.env) {
    const value = (env[variable] ?? '').trim();
    if (value !== '') return { value, path: variable };
    const path = env[`${variable}_FILE`] ?? '';
    if (path === '') continue;
    const read = readSecretFile(path);
    if ('value' in read) return { value: read.value, path: `${variable}_FILE` };
    problems.push({
      path: `${variable}_FILE`,
      got: `${path} (${read.problem})`,
      expected: `a file with the value of ${variable}`,
      fix: `Correct or unset ${variable}_FILE.`,
    });
  }
  return option.default === '' ? undefined : { value: option.default, path: `acme.dns.${name}` };
}

function readSecretFile(path: string): { value: string } | { problem: string } {
  try {
    const stat = statSync(path);
    if (!stat.isFile()) return { problem: 'not a file' };
    if (stat.size > MAX_FILE_BYTES) return { problem: `more than ${MAX_FILE_BYTES} bytes` };
    const value = readFileSync(path, 'utf8').trim();
    return value === '' ? { problem: 'empty' } : { value };
  } catch (error) {
    return { problem: (error as NodeJS.ErrnoException).code ?? 'unreadable' };
  }
}

function missingOptions({ needs, together, options }: DnsProviderRow, values: ReadonlyMap<string, string>): Problem[] {
  const lacking = (names: readonly string[]) => names.filter((name) => !values.has(name));
  const problems: Problem[] = [];
  const missing = needs.some((names) => lacking(names).length === 0) ? [] : lacking(needs[0] ?? []);
  const halves = together.filter((names) => names.some((name) => values.has(name))).flatMap(lacking);
  for (const name of new Set([...missing, ...halves])) {
    const variables = options[name]?.env ?? [];
    const also =
      variables.length === 0 ? '' : `, or one of the variables ${variables.join(', ')} (each also as ..._FILE)`;
    problems.push({
      path: `acme.dns.${name}`,
      got: 'nothing',
      expected: `${options[name]?.meaning ?? name}${also}`,
      fix: `Set acme.dns.${name}${variables[0] === undefined ? '' : ` or ${variables[0]}`}.`,
    });
  }
  return problems;
}

function badOption(path: string, got: string, expected: string): Problem {
  return { path, got, expected, fix: `Correct ${path}.` };
}

function unknownProvider(provider: string): Problem {
  const known = Object.keys(DNS_PROVIDERS);
  const meant = didYouMean(provider, known);
  return {
    path: 'acme.dns.provider',
    got: JSON.stringify(provider.slice(0, 64)),
    expected: `one of ${known.join(', ')}`,
    fix: meant === undefined ? 'Use exec or httpreq for other providers.' : `Did you mean ${meant}?`,
  };
}

function unknownOption(name: string, provider: string, row: DnsProviderRow): Problem {
  const known = Object.keys(row.options);
  const meant = didYouMean(name, known);
  return {
    path: `acme.dns.${name.slice(0, 64)}`,
    got: 'an unknown key',
    expected: `one of ${known.join(', ')} (for provider ${provider})`,
    fix: meant === undefined ? 'Remove it.' : `Did you mean ${meant}?`,
  };
}
