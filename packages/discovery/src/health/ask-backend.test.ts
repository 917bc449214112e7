import { once } from 'node:events';
import { createServer as createHttp, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createHttp2, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import { createServer as createTcp, type AddressInfo, type Server } from 'node:net';
import { expect, it } from 'vitest';
import { freePort } from '@dproxy/testkit';
import { Server as GrpcServer, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { askBackend } from './ask-backend.ts';
import { targetOf } from './_target.ts';

const ask = (...args: Parameters<typeof targetOf>) => askBackend(targetOf(...args), new AbortController().signal);

async function listening(server: Server | Http2Server): Promise<AsyncDisposable & { readonly port: number }> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}

const web = async (listener: RequestListener) => await listening(createHttp(listener));

it('is content with an expected status, and says what it found else', async () => {
  await using server = await web((request, response) => {
    response.statusCode = request.url === '/health' ? 204 : 500;
    response.end();
  });
  expect(await ask(server.port)).toBe('');
  expect(await ask(server.port, { path: '/broken' })).toBe('status 500, expected 200-399');
  expect(
    await ask(server.port, {
      statuses: [
        [200, 200],
        [500, 599],
      ],
      path: '/broken',
    }),
  ).toBe('');
  expect(await ask(server.port, { statuses: [[200, 200]] })).toBe('status 204, expected 200');
});

it('asks with the method, host and headers of the check', async () => {
  const seen: IncomingMessage[] = [];
  await using server = await web((request, response) => {
    seen.push(request);
    response.end('a body that nobody reads');
  });
  expect(await ask(server.port, { method: 'HEAD', host: 'app.test', headers: [['x-probe', 'yes']] })).toBe('');
  expect(seen[0]).toMatchObject({ method: 'HEAD', url: '/health', headers: { host: 'app.test', 'x-probe': 'yes' } });
  await ask(server.port);
  expect(seen[1]?.headers.host).toBe(`127.0.0.1:${server.port}`);
});

it('asks another port of the same address where the check names one', async () => {
  await using server = await web((_request, response) => response.end());
  expect(await ask(await freePort(), { port: server.port })).toBe('');
});

it('follows redirects to the same server only, and not for ever', async () => {
  await using other = await web(() => expect.unreachable('the other server must not be asked'));
  await using server = await web((request, response) => {
    const places = new Map([
      ['/health', '/ok'],
      ['/away', `http://127.0.0.1:${other.port}/`],
      ['/round', '/round'],
    ]);
    const location = places.get(request.url ?? '');
    response.writeHead(location === undefined ? 200 : 302, location === undefined ? {} : { location });
    response.end();
  });
  const only200 = { statuses: [[200, 200]] as const };
  expect(await ask(server.port, only200)).toBe('');
  expect(await ask(server.port, { ...only200, path: '/away' })).toBe('status 302, expected 200');
  expect(await ask(server.port, { ...only200, path: '/round' })).toBe('status 302, expected 200');
  expect(await ask(server.port, { ...only200, followRedirects: false })).toBe('status 302, expected 200');
});

it.each(['http', 'tcp', 'grpc'] as const)('tells of a refused connection (%s)', async (type) => {
  expect(await ask(await freePort(), { type })).toBe('the connection is refused');
});

it('gives up on a server that accepts and says nothing', async () => {
  await using server = await listening(createTcp((socket) => socket.on('error', () => undefined).resume()));
  expect(await ask(server.port, { timeoutMs: 30 })).toBe('no answer within 30 ms');
  expect(await ask(server.port, { type: 'grpc', timeoutMs: 30 })).toBe('no answer within 30 ms');
  expect(await ask(server.port, { type: 'tcp' })).toBe('');
});

it('tells of a server that breaks off, or speaks something else', async () => {
  await using broken = await listening(createTcp((socket) => socket.resetAndDestroy()));
  expect(await ask(broken.port)).toBe('the connection breaks off');
  await using other = await listening(
    createTcp((socket) =>
      socket
        .on('error', () => undefined)
        .resume()
        .end('220 mail\r\n'),
    ),
  );
  expect(await ask(other.port)).toMatch(/^HPE_/);
});

it('speaks HTTP/2 to a backend that does', async () => {
  const server = createHttp2();
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.respond({ ':status': headers[':path'] === '/health' ? 200 : 503 });
    stream.end('x');
  });
  await using served = await listening(server);
  expect(await ask(served.port, {}, { protocol: 'h2c' })).toBe('');
  expect(await ask(served.port, { path: '/' }, { protocol: 'h2c' })).toBe('status 503, expected 200-399');
});

it('asks the health service of gRPC for the server or for one of its services', async () => {
  await using server = await grpcServer(
    new Map([
      ['', 1],
      ['db', 2],
    ]),
  );
  const check = (path: string) => ask(server.port, { type: 'grpc', path });
  expect(await check('')).toBe('');
  expect(await check('db')).toBe('NOT_SERVING, expected SERVING');
  expect(await check('nobody')).toBe('grpc-status 5, expected 0');
});

/** A server of another implementation; its messages are written as their bytes, which is all that there is to them. */
async function grpcServer(statuses: ReadonlyMap<string, number>): Promise<AsyncDisposable & { readonly port: number }> {
  const server = new GrpcServer();
  const method = {
    path: '/grpc.health.v1.Health/Check',
    requestStream: false,
    responseStream: false,
    requestSerialize: (bytes: Buffer) => bytes,
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: (bytes: Buffer) => bytes,
    responseDeserialize: (bytes: Buffer) => bytes,
  };
  const check = ({ request }: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>): void => {
    const status = statuses.get(request.subarray(2).toString());
    if (status === undefined) reply({ code: 5, details: 'unknown service' });
    else reply(null, Buffer.from([0x08, status]));
  };
  server.addService({ Check: method }, { Check: check });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return { port, [Symbol.asyncDispose]: async () => server.forceShutdown() };
}

it('is not content with who accepts and breaks off, where the operator’s address may be a published port', async () => {
  await using proxy = await listening(createTcp((socket) => socket.destroy()));
  await using program = await listening(createTcp());
  const { signal } = new AbortController();
  const askStarted = (port: number, containerId: string) =>
    askBackend({ ...targetOf(port, { type: 'tcp' }, { containerId }), startedMs: 1 }, signal);
  expect(await askStarted(proxy.port, '')).toMatch(/breaks off/);
  expect(await askStarted(program.port, '')).toBe('');
  // What a container answers at its own address is its own word.
  expect(await askStarted(proxy.port, 'web-id')).toBe('');
});
