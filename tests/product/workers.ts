// Which worker of a product answered: asked until each of them has.
import { RawClient, type RawResponse } from '@dproxy/testkit';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { Socket } from 'node:net';

export interface AnswerOfWorker {
  readonly pid: number;
  readonly answer: RawResponse;
}

/** One GET on a connection of its own, and the process that holds the other end of that connection. */
async function getWithPid(
  { port, pids }: { readonly port: number; readonly pids: readonly number[] },
  name: string,
  path = '/',
): Promise<AnswerOfWorker> {
  using client = await RawClient.connect({ port });
  // Kept alive, so that the worker's end is still there to be found.
  await client.write(`GET ${path} HTTP/1.1\r\nHost: ${name}\r\n\r\n`);
  const answer = await client.readResponse();
  const { localPort = 0 } = client.socket as Socket;
  return { pid: await ownerOf(localPort, port, pids), answer };
}

/** Asks until every worker has answered; the first answer of each. */
export async function askEveryWorker(
  product: { readonly httpPort: number; whenOnline(): Promise<number[]> },
  name: string,
  path = '/',
): Promise<RawResponse[]> {
  const pids = await product.whenOnline();
  const answers = new Map<number, RawResponse>();
  // The kernel spreads connections by a hash of their ports: 200 that all miss one of two workers do not happen.
  for (let attempt = 0; attempt < 200 && answers.size < pids.length; attempt++) {
    const { pid, answer } = await getWithPid({ port: product.httpPort, pids }, name, path);
    if (!answers.has(pid)) answers.set(pid, answer);
  }
  if (answers.size < pids.length)
    throw new Error(`only ${[...answers.keys()].join(', ')} of ${pids.join(', ')} answer`);
  return [...answers.values()];
}

async function ownerOf(clientPort: number, serverPort: number, pids: readonly number[]): Promise<number> {
  const inode = await inodeOf(serverPort, clientPort);
  for (const pid of pids) {
    const links = await Promise.all(
      (await readdir(`/proc/${pid}/fd`)).map(async (fd) => await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')),
    );
    if (links.includes(`socket:[${inode}]`)) return pid;
  }
  throw new Error(`no worker holds the connection from port ${clientPort}`);
}

async function inodeOf(localPort: number, remotePort: number): Promise<string> {
  const hex = (port: number): string => `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  for (const table of ['/proc/net/tcp6', '/proc/net/tcp']) {
    for (const line of (await readFile(table, 'utf8')).split('\n')) {
      const [, local = '', remote = '', , , , , , , inode = ''] = line.trim().split(/\s+/);
      if (local.endsWith(hex(localPort)) && remote.endsWith(hex(remotePort))) return inode;
    }
  }
  throw new Error(`no connection from ${remotePort} to ${localPort}`);
}
