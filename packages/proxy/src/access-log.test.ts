import { expect, test } from 'vitest';
import { Origin } from '@dproxy/testkit';
import type { AccessLogEntry } from './access-log.ts';
import { getRequest, startEdge } from './fixtures/edge.ts';

test('one entry per request, only while the access log is on', async () => {
  const entries: AccessLogEntry[] = [];
  await using origin = await Origin.start();
  const spec = { routes: { 'a.test': origin } };
  await using edge = await startEdge(spec, { onAccessLog: (entry) => entries.push(entry) });
  using client = await edge.connect();
  await client.write(getRequest());
  await client.readResponse();
  expect(entries).toHaveLength(0);
  await edge.apply({ ...spec, version: 2, settings: { accessLog: true } });
  await client.write(getRequest('a.test', `/${'p'.repeat(3_000)}`, 'User-Agent: curl/8\r\n'));
  await client.readResponse();
  await client.write(getRequest('b.test'));
  await client.readResponse();
  expect(entries).toHaveLength(2);
  expect(entries[0]).toMatchObject({
    method: 'GET',
    host: 'a.test',
    status: 200,
    bytes: 6,
    userAgent: 'curl/8',
    client: '127.0.0.1',
  });
  expect(entries[0]?.path.length).toBeLessThan(1_100);
  expect(entries[1]).toMatchObject({ host: 'b.test', status: 404, error: 'route-unknown', backend: '' });
});
