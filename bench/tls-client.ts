// A client that makes a TLS connection for each request, for some seconds: `tls-client.ts port host path seconds full|resume`.
// Prints {count, resumed, errors} as JSON.
import { connect } from 'node:tls';

const [port = '', host = '', path = '', seconds = '', mode = ''] = process.argv.slice(2);
const CONCURRENCY = 8;
const end = performance.now() + Number(seconds) * 1_000;
const totals = { count: 0, resumed: 0, errors: 0 };

interface Visit {
  readonly status: number;
  readonly isResumed: boolean;
  /** The newest ticket that came. */
  readonly session: Buffer | undefined;
}

function visit(session: Buffer | undefined): Promise<Visit> {
  return new Promise((resolve, reject) => {
    let ticket = session;
    let text = '';
    const place = { host: '127.0.0.1', port: Number(port), servername: host, rejectUnauthorized: false };
    // The key exchange that all of them know: the post-quantum one costs more, and not every subject offers it.
    const options = { ...place, ecdhCurve: 'X25519' };
    const socket = connect({ ...options, ALPNProtocols: ['http/1.1'], ...(session === undefined ? {} : { session }) });
    let isResumed = false;
    socket.on('secureConnect', () => (isResumed = socket.isSessionReused()));
    socket.on('session', (next) => (ticket = next));
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('end', () => socket.end());
    socket.on('close', () => resolve({ status: Number(text.slice(9, 12)), isResumed, session: ticket }));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  });
}

async function client(): Promise<void> {
  let session = mode === 'resume' ? (await visit(undefined)).session : undefined;
  while (performance.now() < end) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one connection after another
      const result = await visit(session);
      if (mode === 'resume') session = result.session;
      totals.count++;
      if (result.isResumed) totals.resumed++;
      if (result.status !== 200) totals.errors++;
    } catch {
      totals.errors++;
    }
  }
}

await Promise.all(Array.from({ length: CONCURRENCY }, client));
console.log(JSON.stringify(totals));
