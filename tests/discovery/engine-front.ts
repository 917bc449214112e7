import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { tempFolder } from '@dproxy/testkit';

/** A socket in front of a real engine that can misbehave in ways that an engine cannot be made to on command. */
export interface EngineFront extends AsyncDisposable {
  readonly socketPath: string;
  /** Requests whose path contains one of these are never answered. */
  readonly hangsOn: Set<string>;
  /** Paths of all requests so far. */
  readonly paths: readonly string[];
  /** The same, with their methods. */
  readonly calls: readonly { readonly method: string; readonly path: string }[];
  /** Those that it did not let pass. */
  readonly denied: readonly string[];
  /** Cuts the streams of events. */
  cutEvents(): void;
  /** Puts bytes into the streams of events. */
  injectEvents(bytes: string): void;
}

/** @param allows what it lets pass, as a docker-socket-proxy does; default: everything */
export async function engineFront(
  engineSocket: string,
  allows: (method: string, target: string) => boolean = () => true,
): Promise<EngineFront> {
  const folder = await tempFolder();
  const socketPath = `${folder.path}/front.sock`;
  const hangsOn = new Set<string>();
  const paths: string[] = [];
  const calls: { readonly method: string; readonly path: string }[] = [];
  const denied: string[] = [];
  const streams = new Set<ServerResponse>();
  const server = createServer((downstream, response) => {
    const { url: path = '', method = 'GET', headers } = downstream;
    paths.push(path);
    calls.push({ method, path });
    if (!allows(method, path)) {
      denied.push(`${method} ${path}`);
      response.writeHead(403).end('Forbidden');
      return;
    }
    if ([...hangsOn].some((part) => path.includes(part))) return;
    const upstream = request({ socketPath: engineSocket, path, method, headers, agent: false }, (answer) => {
      if (path.startsWith('/events')) streams.add(response);
      pass(answer, response);
    });
    upstream.on('error', () => response.destroy());
    response.on('close', () => {
      streams.delete(response);
      upstream.destroy();
    });
    downstream.pipe(upstream);
  });
  server.listen(socketPath);
  await once(server, 'listening');
  return {
    socketPath,
    hangsOn,
    paths,
    calls,
    denied,
    cutEvents: () => {
      for (const stream of streams) stream.destroy();
    },
    injectEvents: (bytes) => {
      for (const stream of streams) stream.write(bytes);
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await folder.remove();
    },
  };
}

function pass(answer: IncomingMessage, response: ServerResponse): void {
  response.writeHead(answer.statusCode ?? 500, answer.headers);
  response.flushHeaders();
  answer.on('error', () => response.destroy());
  answer.pipe(response);
}
