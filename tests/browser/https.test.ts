import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { within } from '@dproxy/testkit';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import { Product } from '../product/product.ts';
import { Chromium } from './chromium.ts';

interface Report {
  /** ALPN of the page. */
  readonly protocol: string;
  readonly isSecure: boolean;
  readonly fetched: string;
  readonly echoed: string;
  readonly events: readonly string[];
  readonly error: string;
}

const PAGE = `<!doctype html><title>dproxy</title><script type="module">
const report = { protocol: '', isSecure: isSecureContext, fetched: '', echoed: '', events: [], error: '' };
try {
  report.protocol = performance.getEntriesByType('navigation')[0].nextHopProtocol;
  const body = 'x'.repeat(300_000);
  report.fetched = String((await (await fetch('/echo', { method: 'POST', body })).text()).length);
  report.echoed = await new Promise((resolve, reject) => {
    const socket = new WebSocket('wss://' + location.host + '/socket');
    socket.onopen = () => socket.send('hello through the proxy');
    socket.onmessage = ({ data }) => resolve(data);
    socket.onerror = () => reject(new Error('the WebSocket failed'));
  });
  report.events = await new Promise((resolve) => {
    const seen = [];
    const source = new EventSource('/events');
    source.onmessage = ({ data }) => { seen.push(data); if (seen.length === 3) { source.close(); resolve(seen); } };
  });
} catch (error) { report.error = String(error); }
await fetch('/report', { method: 'POST', body: JSON.stringify(report) });
</script>`;

it('shows a browser a site without a warning, over HTTP/2, with WebSocket, uploads and events', async () => {
  const reported = Promise.withResolvers<Report>();
  const port = await startSite(reported.resolve);
  const product = await Product.start({ yml: `routes:\n  - { host: site.test, to: http://127.0.0.1:${port} }\n` });
  onTestFinished(() => product[Symbol.asyncDispose]());
  await product.getTls('site.test');
  const chromium = await Chromium.prepare({ address: '127.0.0.1', trustedPem: await product.localCa() });
  onTestFinished(() => chromium[Symbol.asyncDispose]());
  chromium.open(`https://site.test:${product.httpsPort}/`);
  expect(await within(reported.promise, 'the report of the page', 90_000)).toEqual({
    protocol: 'h2',
    isSecure: true,
    fetched: '300000',
    echoed: 'hello through the proxy',
    events: ['1', '2', '3'],
    error: '',
  });
});

async function startSite(onReport: (report: Report) => void): Promise<number> {
  const server = createServer((request, response) => void answer(request, response, onReport));
  const sockets = new WebSocketServer({ server, path: '/socket' });
  sockets.on('connection', (socket) =>
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    sockets.close();
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  onReport: (report: Report) => void,
): Promise<void> {
  switch (request.url ?? '') {
    case '/':
      response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
      return;
    case '/echo':
      request.pipe(response);
      return;
    case '/events':
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const event of [1, 2, 3]) response.write(`data: ${event}\n\n`);
      return;
    case '/report':
      onReport((await json(request)) as Report);
      response.end();
      return;
    default:
      response.writeHead(404).end();
  }
}
