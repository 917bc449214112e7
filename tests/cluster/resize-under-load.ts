// Run by lossless-resize.test.ts in a network namespace of its own, where it may set the sysctl. Prints what it counted.
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { Pm2Service } from './pm2-service.ts';

const CLIENTS = 16;
const SIZES = [1, 3, 2];

await writeFile('/proc/sys/net/ipv4/tcp_migrate_req', '1');
await using service = await Pm2Service.start({ workers: 3, drainMs: 5_000 });
const counted = { answered: 0, lost: 0, errors: [] as string[] };
const over = new AbortController();

/** One request per connection, as often as it goes. */
async function client(): Promise<void> {
  while (!over.signal.aborted) {
    // One after another is what a client does; there are many of them.
    await once();
  }
}

function once(): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(service.port, '127.0.0.1');
    let answer = '';
    socket.on('connect', () => socket.write('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n'));
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('error', (error) => counted.errors.push(error.message));
    socket.on('close', () => {
      if (answer.startsWith('HTTP/1.1 200 OK')) counted.answered++;
      else counted.lost++;
      resolve();
    });
  });
}

const clients = Array.from({ length: CLIENTS }, client);
for (const size of SIZES) await service.change(`/resize?size=${size}`);
await service.change('/replace');
over.abort();
await Promise.all(clients);
process.stdout.write(JSON.stringify(counted));
