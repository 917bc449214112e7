import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compatibilityPage } from '../tests/neighbours/compatibility-page.ts';
import { NEIGHBOURS } from '../tests/neighbours/neighbours.ts';

writeFileSync(join(import.meta.dirname, '..', 'docs', 'compatibility.md'), compatibilityPage(NEIGHBOURS));
