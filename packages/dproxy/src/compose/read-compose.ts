import { dirname, resolve } from 'node:path';
import type { Container } from '@dproxy/discovery';
import { isScalar, isTable, readComposeDocument, type ComposeNote, type Table } from './compose-document.ts';
import { readEnvFile } from './env-file.ts';
import type { Variables } from './interpolate.ts';
import { containerOfService } from './service-container.ts';

/** A file beside the compose file; undefined when it is not there. */
export type ReadText = (path: string) => string | undefined;

export interface ComposeService {
  readonly service: string;
  readonly container: Container;
  /** It starts only with one of these profiles; empty: always. */
  readonly profiles: readonly string[];
}

export interface ComposeFile {
  readonly path: string;
  readonly services: readonly ComposeService[];
  readonly notes: readonly ComposeNote[];
}

export interface ComposeSource {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
  /** Of the command line. */
  readonly environment: Variables;
  readonly readText: ReadText;
}

/**
 * The containers that `docker compose up` would make of one file: with the variables of the environment and of `.env` beside it, which
 * hold in this order.
 *
 * @throws TypeError with a sentence for the user when it is no compose file
 */
export function readCompose({ path, text, environment, readText }: ComposeSource): ComposeFile {
  const folder = dirname(path);
  const variables = new Map([...readEnvFile(readText(resolve(folder, '.env')) ?? '', environment), ...environment]);
  const document = readComposeDocument(text, variables);
  const project = projectName(variables.get('COMPOSE_PROJECT_NAME') || document.project || basenameOf(folder));
  const notes = [...document.notes];
  const services = [...document.services].map(([service, table], index): ComposeService => {
    const envFiles = readEnvFiles({ service, table, folder, variables, readText, notes });
    const facts = { project, networks: document.networks, variables, envFiles, index };
    const { container, notes: own } = containerOfService(service, table, facts);
    notes.push(...own);
    return { service, container, profiles: texts(table['profiles']) };
  });
  return { path, services, notes };
}

interface EnvFileParts {
  readonly service: string;
  readonly table: Table;
  readonly folder: string;
  readonly variables: Variables;
  readonly readText: ReadText;
  readonly notes: ComposeNote[];
}

/** `env_file`: a path, or a list of paths and `{path, required}`. */
function readEnvFiles({ service, table, folder, variables, readText, notes }: EnvFileParts): Variables {
  const found = new Map<string, string>();
  for (const entry of [table['env_file']].flat()) {
    const { path, required = true } = isTable(entry) ? entry : { path: entry };
    if (!isScalar(path)) continue;
    const content = readText(resolve(folder, String(path)));
    if (content !== undefined) {
      for (const [name, value] of readEnvFile(content, variables)) found.set(name, value);
    } else if (required !== false && required !== 'false') {
      notes.push({
        service,
        message: `env_file: ${String(path)} cannot be read`,
        expected: 'a file beside the compose file',
      });
    }
  }
  return found;
}

function texts(value: unknown): readonly string[] {
  return [value].flat().filter(isScalar).map(String);
}

/** As compose makes it of a folder's name. */
function projectName(raw: string): string {
  return (
    raw
      .toLowerCase()
      .replaceAll(/[^a-z0-9_-]/g, '')
      .replace(/^[_-]+/, '') || 'default'
  );
}

function basenameOf(folder: string): string {
  return folder.slice(folder.lastIndexOf('/') + 1);
}
