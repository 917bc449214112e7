// The program inside the image dproxy-test/node: an HTTP origin for whole-proxy tests. Runs alone in its container, so it
// imports nothing but Node and reads its settings from the environment: PORT (a comma list, default 80) and NAME.
//
//   /            what arrived, as JSON            /health       200 or 503, as /health/ok and /health/fail set it
//   /slow?ms=N   answers after N ms               /status/N     answers with that status
//   /bytes?n=N   N bytes of "x"                   /events?n=N   N server-sent events, then the end
//   /abort       cuts the connection              Upgrade: any  101, then an echo of every byte
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { hostname } from 'node:os';

const name = process.env['NAME'] ?? hostname();
let isHealthy = true;

const servers = (process.env['PORT'] ?? '80').split(',').map((port) => {
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.on('upgrade', (request, socket, head) => {
    const protocol = request.headers.upgrade ?? 'raw';
    socket.on('error', () => socket.destroy());
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\nX-Origin: ${name}\r\n\r\n`,
    );
    socket.write(head);
    socket.pipe(socket);
  });
  server.listen(Number(port), '::');
  return server;
});

process.on('SIGTERM', () => {
  let open = servers.length;
  for (const server of servers) {
    server.close(() => {
      open -= 1;
      if (open === 0) process.exit(0);
    });
  }
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://origin');
  const segments = url.pathname.split('/');
  response.setHeader('x-origin', name);
  switch (segments[1] ?? '') {
    case 'health':
      if (segments[2] !== undefined) isHealthy = segments[2] === 'ok';
      response.writeHead(isHealthy || segments[2] !== undefined ? 200 : 503).end(isHealthy ? 'ok\n' : 'failing\n');
      return;
    case 'slow':
      setTimeout(() => response.end(`${name}\n`), numberIn(url, 'ms', 1_000));
      return;
    case 'status':
      response.writeHead(Number(segments[2] ?? 200)).end(`${name}\n`);
      return;
    case 'bytes':
      response.end(Buffer.alloc(numberIn(url, 'n', 1_000), 'x'));
      return;
    case 'events':
      sendEvents(response, numberIn(url, 'n', 3));
      return;
    case 'abort':
      request.socket.destroy();
      return;
    default:
      await describe(request, response);
  }
}

async function describe(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let bodyBytes = 0;
  for await (const part of request) bodyBytes += (part as Buffer).length;
  const { method, url, httpVersion, headers } = request;
  const remoteAddress = request.socket.remoteAddress;
  response.setHeader('content-type', 'application/json');
  response.end(
    `${JSON.stringify({ name, hostname: hostname(), method, url, httpVersion, headers, remoteAddress, bodyBytes })}\n`,
  );
}

function sendEvents(response: ServerResponse, count: number): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  let sent = 0;
  const timer = setInterval(() => {
    sent += 1;
    response.write(`data: ${sent}\n\n`);
    if (sent < count) return;
    clearInterval(timer);
    response.end();
  }, 50);
  response.on('close', () => clearInterval(timer));
}

function numberIn(url: URL, key: string, fallback: number): number {
  return Number(url.searchParams.get(key) ?? fallback);
}
