import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);

it('loses no connection while workers come, go and are replaced, with net.ipv4.tcp_migrate_req=1', async () => {
  const load = join(import.meta.dirname, 'resize-under-load.ts');
  const namespace = process.getuid?.() === 0 ? ['--net'] : ['--net', '--map-root-user'];
  const script = `ip link set lo up && exec "$0" "$1"`;
  const { stdout } = await run('unshare', [...namespace, 'sh', '-c', script, process.execPath, load]);
  const counted = JSON.parse(stdout) as { answered: number; lost: number; errors: string[] };
  expect(counted).toMatchObject({ lost: 0, errors: [] });
  expect(counted.answered).toBeGreaterThan(1_000);
});
