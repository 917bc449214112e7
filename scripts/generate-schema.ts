// Writes what is made from the code's own tables: the JSON schema for editors, and the reference pages in docs/.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { configurationReference, errorsReference, fileJsonSchema, limitsReference } from '@dproxy/config';

const root = dirname(import.meta.dirname);
const schema = join(root, 'config/dproxy.schema.json');
writeFileSync(schema, `${JSON.stringify(fileJsonSchema(), null, 2)}\n`);
for (const [name, page] of [
  ['configuration', configurationReference()],
  ['errors', errorsReference()],
  ['limits', limitsReference()],
] as const) {
  writeFileSync(join(root, 'docs', `${name}.md`), page);
}
execFileSync(join(root, 'node_modules/.bin/oxfmt'), [schema], { cwd: root });
console.log('wrote config/dproxy.schema.json and docs/{configuration,errors,limits}.md');
