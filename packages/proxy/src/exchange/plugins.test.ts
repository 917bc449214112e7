import type { FastifyInstance } from 'fastify';
import { describe, expect, test } from 'vitest';
import { Origin, snapshotOf, upgradeEcho } from '@dproxy/testkit';
import { silentLog } from '@dproxy/core';
import { ApplicationPath, type Plugin, PluginLoader } from '../application/index.ts';
import { getRequest, startEdge } from '../fixtures/edge.ts';

const stamp: Plugin = async (app: FastifyInstance) => {
  app.addHook('onSend', async (_request, reply) => void reply.header('x-stamp', 'yes'));
  app.get('/own', () => 'from the plugin');
};

function startPluginEdge(origin: Origin) {
  const loader = new PluginLoader({ baseFolder: '/', builtIn: new Map([['stamp', stamp]]) });
  const applicationPath = new ApplicationPath({ loader, log: silentLog });
  const routes = [{ host: 'a.test', to: origin, plugins: ['stamp'] }];
  return startEdge(snapshotOf({ routes }), { applicationPath });
}

describe('routes with plugins', () => {
  test('requests pass through them and back into the direct path', async () => {
    await using origin = await Origin.start(async (exchange) => {
      await exchange.body();
      await exchange.respond({ body: exchange.head.raw });
    });
    await using edge = await startPluginEdge(origin);
    using client = await edge.connect();
    for (let count = 0; count < 2; count++) {
      await client.write(
        'POST /x//y HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\nX-Forwarded-For: 6.6.6.6\r\n\r\nbody',
      );
      const response = await client.readResponse();
      expect(response.status).toBe(200);
      expect(response.raw).toMatch(/x-stamp: yes/i);
      expect(response.body.text).toMatch(/^POST \/x\/\/y HTTP/);
      expect(response.body.text).toMatch(/x-forwarded-for: 127\.0\.0\.1\r\n/i);
      expect(response.body.text).toMatch(/x-debug-backend: /i);
    }
    expect(origin.connections).toHaveLength(1);
    expect(edge.plane.stats()).toMatchObject({ requests: 2, connections: 1 });
  });

  test('who asks with X-Debug is told the backend behind the plugins, and nobody else is', async () => {
    await using origin = await Origin.start();
    await using edge = await startPluginEdge(origin);
    using client = await edge.connect();
    await client.write(getRequest('a.test', '/', 'X-Debug: 1\r\n'));
    expect((await client.readResponse()).raw).toMatch(
      new RegExp(
        `x-debug-backend: .*127\\.0\\.0\\.1:${origin.port}\r\nx-debug-time-total: [\\d.]+\r\nx-debug-time-backend: [\\d.]+\r\n`,
      ),
    );
    await client.write(getRequest('a.test', '/own', 'X-Debug: 1\r\n'));
    expect((await client.readResponse()).raw).not.toMatch(/x-debug/i);
    await client.write(getRequest('a.test', '/'));
    expect((await client.readResponse()).raw).not.toMatch(/x-debug/i);
    await client.write(getRequest('a.test', '/', 'X-Debug: 1\r\nX-Forwarded-For: 6.6.6.6\r\n'));
    expect((await client.readResponse()).raw).not.toMatch(/x-debug/i);
  });

  test('a plugin may answer itself', async () => {
    await using origin = await Origin.start();
    await using edge = await startPluginEdge(origin);
    using client = await edge.connect();
    await client.write(getRequest('a.test', '/own'));
    expect((await client.readResponse()).body.text).toBe('from the plugin');
    expect(origin.requests).toHaveLength(0);
  });

  test('upgrades pass', async () => {
    await using origin = await Origin.start(upgradeEcho());
    await using edge = await startPluginEdge(origin);
    using client = await edge.connect();
    await client.write(getRequest('a.test', '/', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'));
    expect((await client.readHead()).status).toBe(101);
    await client.write('ping');
    expect((await client.readBytes(4)).toString()).toBe('ping');
  });

  test('without an application path they answer 500', async () => {
    await using edge = await startEdge({ routes: [{ host: 'a.test', to: { port: 1 }, plugins: ['stamp'] }] });
    using client = await edge.connect();
    await client.write(getRequest());
    expect((await client.readResponse()).status).toBe(500);
  });
});
