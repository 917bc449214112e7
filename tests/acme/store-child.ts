// A process that writes into a certificate store and is killed at one of its system calls.
//   node store-child.ts save|state|lease <directory> <point> [<file with the certificate>]
// Prints `points <count>` when it came to its end.
import { readFile } from 'node:fs/promises';
import { silentLog } from '@dproxy/core';
import { FileCertificateStore, type IssuedCertificate } from '@dproxy/certs';
import { countingCalls } from '../../packages/certs/src/fixtures/counting-calls.ts';

const [action = '', directory = '', point = '', file = ''] = process.argv.slice(2);

let points = 0;
let isArmed = false;
const calls = countingCalls(() => {
  if (!isArmed) return;
  points++;
  if (points === Number(point)) process.kill(process.pid, 'SIGKILL');
});

const store = await FileCertificateStore.open({ directory, log: silentLog, now: Date.now, calls });
isArmed = true;
switch (action) {
  case 'save':
    await store.save(JSON.parse(await readFile(file, 'utf8')) as IssuedCertificate);
    break;
  case 'state':
    await store.writeState('ledger', { orders: 'new' });
    break;
  case 'lease': {
    await using _lease = await store.lease('a.test');
    break;
  }
  case 'hold': {
    const lease = await store.lease('a.test');
    process.stdout.write(lease === undefined ? 'refused\n' : 'held\n');
    if (lease === undefined) process.exit(0);
    lease.signal.addEventListener('abort', () => process.stdout.write('lost\n'));
    await new Promise<void>((resolve) => {
      process.stdin.once('data', () => resolve());
    });
    await lease[Symbol.asyncDispose]();
    process.stdin.destroy();
    break;
  }
  default:
    throw new Error(`no action ${action}`);
}
process.stdout.write(`points ${points}\n`);
