import { eventually } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { Http2Load } from './http2-load.ts';
import { Product } from './product.ts';

const YML = 'drain: 5s\nroutes: [{ host: hello.localhost, respond: { status: 200, body: hello } }]\n';

it('resizes for real under the load of HTTP/2 over TLS, one worker is ended on top, and no request is lost', async () => {
  await using product = await Product.start({ yml: YML, workers: 2 });
  const ca = await product.localCa();
  await product.whenOnline(2);
  using load = new Http2Load({ port: product.httpsPort, name: 'hello.localhost', ca, clients: 6, streams: 4 });
  await eventually(() => load.answered > 200);
  for (const size of [3, 1, 2]) {
    expect(await product.api(`/service/balancer/resize?size=${size}`)).toMatchObject({ ok: true, data: { size } });
    await product.whenOnline(size);
  }
  const answered = load.answered;
  await eventually(() => load.answered > answered + 200);
  // Politely, as PM2 ends a worker: GOAWAY, then the end.
  const [leaving = 0] = await product.whenOnline(2);
  process.kill(leaving, 'SIGTERM');
  await eventually(async () => !(await product.whenOnline(2)).includes(leaving), { deadlineMs: 90_000 });
  const { sent, lost, statuses, ...counted } = await load.end();
  const { connections, unprocessed } = load;
  console.log({ sent, answered: counted.answered, lost: lost.length, connections, unprocessed });
  expect(lost).toEqual([]);
  expect(counted.answered).toBe(sent);
  expect([...statuses.keys()]).toEqual([200]);
  // Else nothing was tried: each of the six had to leave at least once.
  expect(connections).toBeGreaterThan(6);
}, 120_000);
