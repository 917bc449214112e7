// Writes what is made from the schema of dproxy.yml: the JSON schema for editors and the reference page.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { configurationReference, fileJsonSchema } from '@dproxy/config';

const root = dirname(import.meta.dirname);
const schema = join(root, 'config/dproxy.schema.json');
writeFileSync(schema, `${JSON.stringify(fileJsonSchema(), null, 2)}\n`);
writeFileSync(join(root, 'docs/configuration.md'), configurationReference());
execFileSync(join(root, 'node_modules/.bin/oxfmt'), [schema], { cwd: root });
console.log('wrote config/dproxy.schema.json and docs/configuration.md');
