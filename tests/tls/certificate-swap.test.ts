import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { rename, writeFile } from 'node:fs/promises';
import { connect as connectHttp2 } from 'node:http2';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { eventually, Http2Client, RawClient, readHttp2Response, tempFolder, within } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { TestAuthority, type TestPair } from '../../packages/certs/src/fixtures/test-authority.ts';
import { Product } from '../product/product.ts';

const SWAPS = 10;
const HOST = 'shop.test';
const GET = `GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;

interface Door {
  readonly port: number;
  readonly ca: string;
}

/** One that makes a new TLS connection for each request. */
class Visitor {
  readonly #door: Door;
  readonly #protocol: string;
  readonly #resumes: boolean;
  #session: Buffer | undefined;
  /** Serial number of the certificate that the last whole handshake showed. */
  serial = '';
  requests = 0;
  resumed = 0;
  readonly failures: unknown[] = [];

  constructor(door: Door, { protocol, resumes }: { protocol: string; resumes: boolean }) {
    this.#door = door;
    this.#protocol = protocol;
    this.#resumes = resumes;
  }

  /** Every fourth handshake is whole, also of those who resume. */
  async visitUntil(isOver: () => boolean): Promise<void> {
    while (!isOver())
      await this.visit(this.#resumes && this.requests % 4 !== 0).catch((error) => this.failures.push(error));
  }

  async visit(resumes: boolean): Promise<void> {
    const session = resumes ? this.#session : undefined;
    const { port, ca } = this.#door;
    const place = { port, host: '127.0.0.1', servername: HOST, ca };
    const socket = connect({
      ...place,
      ALPNProtocols: [this.#protocol],
      ...(session === undefined ? {} : { session }),
    });
    try {
      socket.on('session', (next: Buffer) => (this.#session = next));
      await within(once(socket, 'secureConnect'), 'a handshake');
      if (socket.alpnProtocol !== this.#protocol) throw new Error(`agreed on ${socket.alpnProtocol}`);
      if (socket.isSessionReused()) this.resumed++;
      else this.serial = socket.getPeerCertificate().serialNumber;
      const status = this.#protocol === 'h2' ? await askHttp2(socket) : await askHttp1(socket);
      if (status !== 200) throw new Error(`answered with ${status}`);
      this.requests++;
    } finally {
      socket.destroy();
    }
  }
}

async function askHttp1(socket: TLSSocket): Promise<number> {
  const client = RawClient.over(socket);
  await client.write(GET);
  return (await client.readResponse()).status;
}

async function askHttp2(socket: TLSSocket): Promise<number> {
  const session = connectHttp2(`https://${HOST}`, { createConnection: () => socket });
  session.on('error', () => undefined);
  const { status } = await readHttp2Response(session.request({ ':path': '/' }));
  session.destroy();
  return status;
}

it(`${SWAPS} certificates from files replace each other under load: no handshake and no request fails`, async () => {
  const authority = await TestAuthority.create();
  const pairs = await Promise.all(Array.from({ length: SWAPS + 1 }, () => authority.issue([HOST])));
  const [first, ...others] = pairs as [TestPair, ...TestPair[]];
  await using folder = await tempFolder('dp-');
  await replace(folder.path, first);
  await using product = await Product.start({
    workers: 2,
    env: { DOCKER_PROXY_SSL_PATH: folder.path },
    yml: `routes: [{ host: ${HOST}, respond: { body: hello } }]`,
  });
  const door = { port: product.httpsPort, ca: first.issuerPem };
  const visitors = ['h2', 'http/1.1'].flatMap((protocol) =>
    [true, true, false, false].map((resumes) => new Visitor(door, { protocol, resumes })),
  );
  using lasting1 = await RawClient.connect({ ...door, tls: { servername: HOST, ca: door.ca } });
  using lasting2 = await Http2Client.connect({ ...door, authority: HOST, tls: { ca: door.ca } });

  let isOver = false;
  const load = Promise.all(visitors.map((visitor) => visitor.visitUntil(() => isOver)));
  const served = new Set<string>();
  try {
    for (const pair of others) {
      const serial = await replace(folder.path, pair);
      await eventually(() => visitors.every((visitor) => visitor.serial === serial), { what: `certificate ${serial}` });
      served.add(serial);
      await lasting1.write(GET);
      expect((await lasting1.readResponse()).status).toBe(200);
      expect((await lasting2.request()).status).toBe(200);
    }
  } finally {
    isOver = true;
    await load;
  }

  const count = (of: 'requests' | 'resumed'): number => visitors.reduce((sum, visitor) => sum + visitor[of], 0);
  console.log(`${count('requests')} TLS connections, ${count('resumed')} of them resumed, over ${served.size} changes`);
  expect(visitors.flatMap(({ failures }) => failures)).toEqual([]);
  expect(served.size).toBe(SWAPS);
  expect(count('requests')).toBeGreaterThan(SWAPS * visitors.length);
  expect(count('resumed')).toBeGreaterThan(SWAPS);
  expect([lasting1.isEnded, lasting2.session.destroyed, lasting2.goaways]).toEqual([false, false, []]);
  await eventually(async () => {
    await Promise.all(visitors.map((visitor) => visitor.visit(false)));
    return visitors.every(({ serial }) => serial === [...served].at(-1));
  });
});

/** First the key, as ACME clients do: for a moment the pair does not match. Returns the serial number as clients print it. */
async function replace(folder: string, { leafPem, keyPem }: TestPair): Promise<string> {
  for (const [ending, text] of [
    ['key', keyPem],
    ['crt', leafPem],
  ] as const) {
    const file = join(folder, `${HOST}.${ending}`);
    await writeFile(`${file}.new`, text, { mode: 0o600 });
    await rename(`${file}.new`, file);
  }
  return new X509Certificate(leafPem).serialNumber;
}
