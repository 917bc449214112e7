import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VARIABLES } from '../settings/variables.ts';
import { validateFile } from '../watch/load-file.ts';
import { ERRORS, LIMITS } from '@dproxy/core';
import { configurationReference, errorsReference, fileJsonSchema, limitsReference } from './index.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const HOW = 'run: node scripts/generate-schema.ts';

interface Node {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly anyOf?: readonly Node[];
  readonly items?: Node;
}

/** Keys without a description that says what they mean and what their default is. */
function undocumented(node: Node, path: string): string[] {
  const keys = Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const isSaid = /\. Default: \S.*\./.test(child.description ?? '');
    return [...(isSaid ? [] : [`${path}.${name}`]), ...undocumented(child, `${path}.${name}`)];
  });
  const inner = [...(node.anyOf ?? []), ...(node.items === undefined ? [] : [node.items])];
  return [...keys, ...inner.flatMap((child) => undocumented(child, path))];
}

describe('what is made from the schema', () => {
  it('is current in the repository', () => {
    const schema = readFileSync(join(ROOT, 'config/dproxy.schema.json'), 'utf8');
    expect(JSON.parse(schema), HOW).toEqual(JSON.parse(JSON.stringify(fileJsonSchema())));
    expect(readFileSync(join(ROOT, 'docs/configuration.md'), 'utf8'), HOW).toBe(configurationReference());
  });

  it('says of every key what it means and what its default is', () => {
    expect(undocumented(fileJsonSchema() as Node, '')).toEqual([]);
  });

  it('names every variable of the contract', () => {
    const page = configurationReference();
    for (const { names } of Object.values(VARIABLES)) {
      for (const name of names) expect(page).toContain(`\`${name}\``);
    }
  });

  it('fits the example', () => {
    expect(validateFile(join(ROOT, 'config/dproxy.example.yml'))).toEqual([]);
  });
});

describe('what is made from the tables of core', () => {
  it('is current in the repository', () => {
    expect(readFileSync(join(ROOT, 'docs/errors.md'), 'utf8'), HOW).toBe(errorsReference());
    expect(readFileSync(join(ROOT, 'docs/limits.md'), 'utf8'), HOW).toBe(limitsReference());
  });

  it('has a row for every error and every limit, and no other', () => {
    const rowsOf = (page: string): string[] =>
      [...page.matchAll(/^\| `(?:limits\.)?([\w-]+)`/gm)].map(([, name]) => name ?? '');
    expect(rowsOf(errorsReference()).sort()).toEqual(Object.keys(ERRORS).sort());
    expect(rowsOf(limitsReference())).toEqual(Object.keys(LIMITS));
  });

  it('names only limits that there are', () => {
    const named = [...errorsReference().matchAll(/`limits\.(\w+)`/g)].map(([, name]) => name);
    expect(named.filter((name) => !Object.hasOwn(LIMITS, name ?? ''))).toEqual([]);
  });
});
