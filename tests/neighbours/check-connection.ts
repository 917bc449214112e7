import { once } from 'node:events';
import { createConnection } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { eventually } from '@dproxy/testkit';
import type { Product } from '../product/product.ts';
import type { ExampleConnection } from './example.ts';

/** Says HTTP to it, since that is what the containers speak: each answers with its name. */
export async function checkConnection(product: Product, { port, sni, from }: ExampleConnection): Promise<void> {
  const target = { port: port === 'https' ? product.httpsPort : port, host: '127.0.0.1' };
  const ca = sni === undefined ? '' : await product.localCa();
  const seen = new Set<string>();
  await eventually(
    async () => {
      const socket = sni === undefined ? createConnection(target) : connectTls({ ...target, servername: sni, ca });
      // A refused or reset connection is one that did not answer: it closes, too.
      socket.on('error', () => undefined);
      socket.end('GET / HTTP/1.1\r\nHost: any\r\nConnection: close\r\n\r\n');
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
      await once(socket, 'close');
      const [, name] = /x-origin: (.*)\r\n/i.exec(text) ?? [];
      if (name !== undefined) seen.add(name);
      return from.every((each) => seen.has(each));
    },
    { what: `connections to port ${port} that reach ${from.join(' and ')}` },
  );
}
