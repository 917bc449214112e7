import { AdminClient, readToken } from '@dproxy/admin/client';
import { gatherFacts, loadSettings, VARIABLES, type Facts, type Flags, type LoadedSettings } from '@dproxy/config';
import type { Command } from 'commander';
import { failure } from './failure.ts';

/** What every command starts from. */
export interface Context {
  readonly loaded: LoadedSettings;
  readonly facts: Facts;
  readonly flags: Flags;
  readonly isJson: boolean;
  /** Prints for people, or the value as JSON. */
  readonly answer: (text: string, value: unknown) => void;
}

/** The flags of the contract's variables, on one command. */
export function addFlags(command: Command): Command {
  for (const { flag, meaning, default: otherwise } of Object.values(VARIABLES)) {
    if (flag === '--silent') command.option(flag, meaning);
    else if (flag !== '') command.option(`${flag} <value>`, `${meaning} (default: ${otherwise})`);
  }
  return command;
}

export function contextOf(options: Readonly<Record<string, unknown>>): Context {
  const flags = readFlags(options);
  const facts = gatherFacts(process.cwd());
  const loaded = loadSettings({ env: process.env, flags, facts, nowMs: Date.now() });
  const isJson = options['json'] === true;
  return {
    loaded,
    facts,
    flags,
    isJson,
    answer: (text, value) => process.stdout.write(`${isJson ? JSON.stringify(value, undefined, 2) : text}\n`),
  };
}

/** The admin API of the instance that these settings name. */
export async function adminClient({ loaded }: Context): Promise<AdminClient> {
  const { api, paths } = loaded.settings;
  const token = api.token === '' ? await storedToken(paths.apiToken) : api.token;
  const { host, port } = api.addresses[0] ?? { host: '127.0.0.1', port: 16_000 };
  return new AdminClient({ host, port, token });
}

/** Without it loopback still reads, so a file that another user owns is no reason to fail. */
async function storedToken(path: string): Promise<string> {
  try {
    return (await readToken(path)) ?? '';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return '';
    throw failure((error as Error).message);
  }
}

/** commander names `--ssl-port` `sslPort`, as VARIABLES does. */
function readFlags(options: Readonly<Record<string, unknown>>): Flags {
  const flags = new Map<string, string>();
  for (const [name, { flag }] of Object.entries(VARIABLES)) {
    const given = options[camelCase(flag.slice(2))];
    if (typeof given === 'string') flags.set(name, given);
    else if (given === true) flags.set(name, '1');
  }
  return Object.fromEntries(flags);
}

function camelCase(flag: string): string {
  return flag.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
