import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freePort } from '@dproxy/testkit';
import { DnsTestServer } from '@dproxy/testkit/dns';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChallengeAnswer, ChallengeSolver, IssueError } from '../ports.ts';
import { Preflight } from './preflight.ts';

const NAME = 'app.example.com';

/** What our workers do: they answer what was presented. */
class Answers implements ChallengeSolver {
  readonly tokens = new Map<string, string>();
  presented = 0;

  present(answer: ChallengeAnswer): Promise<void> {
    this.presented += 1;
    if (answer.type === 'http-01') this.tokens.set(answer.token, answer.keyAuthorization);
    return Promise.resolve();
  }

  withdraw(answer: ChallengeAnswer): Promise<void> {
    if (answer.type === 'http-01') this.tokens.delete(answer.token);
    return Promise.resolve();
  }
}

let dns: DnsTestServer;
let servers: Server[] = [];

beforeEach(async () => {
  dns = await DnsTestServer.start();
  dns.zones.push('example.com');
});

afterEach(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  servers = [];
  await dns[Symbol.asyncDispose]();
});

/** @returns its port */
async function serve(listener: RequestListener, host = '127.0.0.1', port = 0): Promise<number> {
  const server = createServer(listener).listen(port, host);
  await once(server, 'listening');
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

function worker(solver: Answers, hosts: string[] = []): RequestListener {
  return (request, response) => {
    hosts.push(request.headers.host ?? '');
    const token = /^\/\.well-known\/acme-challenge\/([\w-]+)$/.exec(request.url ?? '')?.[1] ?? '';
    const answer = solver.tokens.get(token);
    response.writeHead(answer === undefined ? 404 : 200).end(answer ?? 'another site');
  };
}

async function check(solver: ChallengeSolver, port: number, hasHttp = true): Promise<IssueError | undefined> {
  const preflight = new Preflight({ solver, port });
  try {
    const signal = new AbortController().signal;
    await preflight.check({ name: NAME, hasHttp, resolvers: [dns.address] }, signal);
    return undefined;
  } catch (error) {
    return error as IssueError;
  }
}

describe('the preflight', () => {
  it('is content when our own token comes back by the public address, and tidies up', async () => {
    const solver = new Answers();
    const hosts: string[] = [];
    const port = await serve(worker(solver, hosts));
    dns.add({ name: NAME, type: 'A', value: '127.0.0.1' });
    expect(await check(solver, port)).toBeUndefined();
    expect(hosts).toEqual([`${NAME}:${port}`]);
    expect([solver.presented, solver.tokens.size]).toEqual([1, 0]);
  });

  it('says where the name points when another server answers', async () => {
    const solver = new Answers();
    const port = await serve((_request, response) => response.writeHead(301, { location: 'https://elsewhere/' }).end());
    dns.add({ name: NAME, type: 'A', value: '127.0.0.1' });
    expect(await check(solver, port)).toMatchObject({
      problem: 'unauthorized',
      host: NAME,
      message: expect.stringMatching(/127\.0\.0\.1 answered with status 301 to https:\/\/elsewhere\/ and not with our/),
      advice: expect.stringMatching(/another server answers there/),
    });
    expect(solver.tokens.size).toBe(0);
  });

  it('says that nothing listens', async () => {
    dns.add({ name: NAME, type: 'A', value: '127.0.0.1' });
    expect(await check(new Answers(), await freePort())).toMatchObject({
      problem: 'unauthorized',
      message: expect.stringMatching(/127\.0\.0\.1: nothing listens on port/),
      advice: expect.stringMatching(/open port 80/),
    });
  });

  it('says that there is no address', async () => {
    expect(await check(new Answers(), 1)).toMatchObject({
      problem: 'unauthorized',
      message: `${NAME} does not resolve to any address`,
      advice: expect.stringMatching(/A or AAAA record/),
    });
  });

  it('does not take a DNS server that is down for a wrong name', { timeout: 30_000 }, async () => {
    dns.isSilent = true;
    expect(await check(new Answers(), 1)).toMatchObject({ problem: 'unreachable' });
  });

  it('connects to no metadata service, wherever the name points', async () => {
    dns.add({ name: NAME, type: 'A', value: '169.254.169.254' });
    const solver = new Answers();
    expect(await check(solver, 80)).toMatchObject({
      problem: 'unauthorized',
      message: `${NAME} resolves only to 169.254.169.254`,
    });
    expect(solver.presented).toBe(0);
  });

  it('does not believe one right answer beside a wrong one', async () => {
    const solver = new Answers();
    const port = await serve(worker(solver));
    await serve((_request, response) => response.end('another site'), '127.0.0.2', port);
    dns.add({ name: NAME, type: 'A', value: '127.0.0.1' }, { name: NAME, type: 'A', value: '127.0.0.2' });
    expect((await check(solver, port))?.message).toMatch(/127\.0\.0\.2 answered with status 200/);
  });

  it('is content when the other address does not answer at all', async () => {
    const solver = new Answers();
    const port = await serve(worker(solver));
    dns.add({ name: NAME, type: 'A', value: '127.0.0.1' }, { name: NAME, type: 'A', value: '127.0.0.3' });
    expect(await check(solver, port)).toBeUndefined();
  });

  it('follows a redirect on the same host and port, and no other', async () => {
    const solver = new Answers();
    let seen = 0;
    const trap = await serve((_request, response) => {
      seen += 1;
      response.end();
    });
    const answer = worker(solver);
    const port = await serve((request, response) => {
      if (request.url?.startsWith('/.well-known') === true && request.url.endsWith('?again')) {
        request.url = request.url.replace('?again', '');
        answer(request, response);
      } else response.writeHead(302, { location: `${request.url}?again` }).end();
    });
    dns.add({ name: NAME, type: 'A', value: '127.0.0.1' });
    expect(await check(solver, port)).toBeUndefined();
    const away = await serve((_request, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${trap}/` }).end();
    });
    expect((await check(solver, away))?.problem).toBe('unauthorized');
    expect(seen).toBe(0);
  });

  it('reads at most two kilobytes of an endless answer, and follows at most three hops', async () => {
    let hops = 0;
    const port = await serve((request, response) => {
      hops += 1;
      response.writeHead(302, { location: `${request.url}x` }).end();
    });
    dns.add({ name: NAME, type: 'A', value: '127.0.0.1' });
    expect((await check(new Answers(), port))?.problem).toBe('unauthorized');
    expect(hops).toBe(4);
    const endless = await serve((_request, response) => {
      const pour = (): void => {
        while (response.write('x'.repeat(16_384)));
        response.once('drain', pour);
      };
      pour();
    });
    expect((await check(new Answers(), endless))?.problem).toBe('unauthorized');
  });

  it('is not held by an answer that ends without one, such as 101', async () => {
    const port = await serve((request) => {
      request.socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n');
    });
    dns.add({ name: NAME, type: 'A', value: '127.0.0.1' });
    expect((await check(new Answers(), port))?.message).toMatch(/the connection ended without an answer/);
  });

  it('only looks the name up where port 80 is not used', async () => {
    dns.add({ name: NAME, type: 'A', value: '127.0.0.1' });
    const solver = new Answers();
    expect(await check(solver, 1, false)).toBeUndefined();
    expect(solver.presented).toBe(0);
  });
});
