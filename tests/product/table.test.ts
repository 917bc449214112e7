import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { Product } from './product.ts';

const ROUTES = 5_000;

it('takes one change of 5,000 routes to every worker as a small delta, within a second', async () => {
  await using product = await Product.start({ yml: fileWith('before') });
  const workers = await product.whenOnline();
  await product.version();
  const table = (await stat(join(product.state, 'snapshot.json'))).size;
  await certificatesAreMade(product);
  const before = await Promise.all(workers.map(bytesRead));

  await product.configure(fileWith('after'));
  const savedMs = performance.now();
  await eventually(async () => (await product.get('host-0.test', '/2500')).body.text === 'after');
  await product.version();
  console.log(`one of ${ROUTES} routes: ${(performance.now() - savedMs).toFixed(0)} ms from the save to the answer`);
  const after = await Promise.all(workers.map(bytesRead));
  const read = after.map((bytes, index) => bytes - (before[index] ?? 0));
  console.log(`table of ${table} bytes; workers read ${read.join(' and ')} bytes for the change`);
  for (const bytes of read) expect(bytes).toBeLessThan(table / 20);
});

/** The leafs of the local CA follow the routes in tables of their own. */
async function certificatesAreMade(product: Product): Promise<void> {
  let [last, same] = [0, 0];
  await eventually(
    async () => {
      const version = await product.version();
      same = version === last ? same + 1 : 0;
      last = version;
      return same > 20;
    },
    { everyMs: 50, deadlineMs: 90_000, what: 'a table that stays' },
  );
}

function fileWith(body: string): string {
  const lines = Array.from({ length: ROUTES }, (_, index) => {
    const answer = index === 2_500 ? body : 'same';
    // 50 hosts: each of them gets a certificate, and 5,000 of those take longer than all the rest.
    return `  - { host: host-${index % 50}.test, path: /${index}, respond: { body: ${answer} } }`;
  });
  return `routes:\n${lines.join('\n')}\n`;
}

/** All that a process has read, from files and sockets. */
async function bytesRead(pid: number): Promise<number> {
  return Number(/rchar: (\d+)/.exec(await readFile(`/proc/${pid}/io`, 'utf8'))?.[1]);
}
