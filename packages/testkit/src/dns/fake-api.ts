import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';

export interface FakeApiRequest {
  /** `POST /v1/zones?name=x` */
  readonly line: string;
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface FakeApiAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface FakeApi extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly requests: readonly FakeApiRequest[];
}

/** A web server in the place of an API that tests cannot reach: the handler says what it answers. */
export async function startFakeApi(answer: (request: FakeApiRequest) => FakeApiAnswer): Promise<FakeApi> {
  const requests: FakeApiRequest[] = [];
  const server = createServer((incoming, response) => {
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('end', () => {
      const { method = '', url = '', headers } = incoming;
      const body = Buffer.concat(parts).toString();
      const request = { line: `${method} ${url}`, method, url: new URL(url, 'http://fake'), headers, body };
      requests.push(request);
      const said = answer(request);
      response.writeHead(said.status, { 'content-type': 'application/json', ...said.headers });
      response.end(said.body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address with a port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
