import { Origin, respond, respondBytes, upgradeEcho } from '@dproxy/testkit';
import type { FastifyPluginAsync } from 'fastify';
import { describe, expect, it } from 'vitest';
import { nothing, testEdge } from './fixtures/test-edge.ts';

describe('an upgrade through plugins', () => {
  const offer = 'GET /chat HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n';

  it('becomes a tunnel after the 101, with the bytes that came early on both sides', async () => {
    await using origin = await Origin.start(upgradeEcho({ protocol: 'chat', greeting: 'hello' }));
    await using edge = await testEdge(origin, { nothing });
    using client = await edge.open();
    await client.write(`${offer}early`);
    const response = await client.readResponse();
    expect(response.status).toBe(101);
    expect(response.header('upgrade')).toBe('chat');
    expect((await client.readBytes(10)).toString()).toBe('helloearly');
    client.halfClose();
    expect(await client.ended).toBe('end');
  });

  it('is an ordinary answer when the backend does not switch', async () => {
    await using origin = await Origin.start(respond({ status: 426, body: 'no' }));
    await using edge = await testEdge(origin, { nothing });
    const response = await edge.send(offer);
    expect([response.status, response.body.text]).toEqual([426, 'no']);
  });

  it.each(['', 'Upgrade: other\r\n'])('is a 502 when the backend switches to something else (%j)', async (line) => {
    const bytes = `HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n${line}\r\n`;
    await using origin = await Origin.start(respondBytes(bytes));
    await using edge = await testEdge(origin, { nothing });
    expect((await edge.send(offer)).status).toBe(502);
  });

  it('is refused by a plugin like any other request', async () => {
    await using origin = await Origin.start(upgradeEcho({ protocol: 'chat' }));
    const guard: FastifyPluginAsync = async (app) => {
      app.addHook('onRequest', async (_request, reply) => reply.code(401).send('who?'));
    };
    await using edge = await testEdge(origin, { guard });
    expect((await edge.send(offer)).status).toBe(401);
    expect(origin.connections).toHaveLength(0);
  });

  it('ends on both sides when the client goes away', async () => {
    await using origin = await Origin.start(upgradeEcho({ protocol: 'chat' }));
    await using edge = await testEdge(origin, { nothing });
    const client = await edge.open();
    await client.write(offer);
    await client.readResponse();
    client.close();
    await origin.connections[0]?.gone;
  });
});
