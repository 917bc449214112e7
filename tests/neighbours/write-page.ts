import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compatibilityPage } from './compatibility-page.ts';
import { NEIGHBOURS } from './neighbours.ts';

writeFileSync(join(import.meta.dirname, '..', '..', 'docs', 'compatibility.md'), compatibilityPage(NEIGHBOURS));
