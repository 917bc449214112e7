// A checkout of its own for what `npm start` and scripts/install.mjs do to one: sources are copied, dependencies are links,
// so that no test can ever reach the node_modules that it runs from.
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './product.ts';

/** Made in `folder`, as if `npm ci` had just run there. */
export async function makeCheckout(folder: string): Promise<string> {
  const root = join(folder, 'checkout');
  await mkdir(join(root, 'node_modules'), { recursive: true });
  for (const entry of ['package.json', 'package-lock.json', 'ecosystem.config.js', 'scripts', 'packages'])
    await cp(join(ROOT, entry), join(root, entry), { recursive: true });
  const ours = join(ROOT, 'node_modules');
  for (const entry of await readdir(ours)) {
    if (entry === '@dproxy' || (entry.startsWith('.') && entry !== '.bin')) continue;
    await symlink(join(ours, entry), join(root, 'node_modules', entry));
  }
  // Links to ../../packages: here they lead to the copies.
  await cp(join(ours, '@dproxy'), join(root, 'node_modules', '@dproxy'), { recursive: true, verbatimSymlinks: true });
  await stamp(root);
  return root;
}

/** Says that the dependencies are those of the lockfile. */
async function stamp(root: string): Promise<void> {
  const lockfile = await readFile(join(root, 'package-lock.json'));
  const hash = createHash('sha256').update(lockfile).digest('hex');
  await writeFile(join(root, 'node_modules', '.dproxy-installed'), hash);
}
