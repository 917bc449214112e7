import { afterAll, beforeAll, expect, it } from 'vitest';
import { AUTHORIZED, startAdmin, TOKEN, type Running, STATISTICS_READER } from '../_fixture.ts';
import { send } from '../_requests.ts';
import { createStatisticsServer } from '../statistics/statistics-server.ts';
import { silentLog } from '@dproxy/core';
import type { AddressInfo } from 'node:net';

let admin: Running;
let own: ReturnType<typeof createStatisticsServer>;
let ownPort = 0;

beforeAll(async () => {
  admin = await startAdmin();
  own = createStatisticsServer({ statistics: STATISTICS_READER, token: TOKEN, log: silentLog, now: Date.now });
  await own.listen({ host: '127.0.0.1', port: 0 });
  ownPort = (own.server.address() as AddressInfo).port;
});

afterAll(async () => {
  await admin.admin.close();
  await own.close();
});

const pages: [name: string, port: () => number, path: string][] = [
  ['the admin API', () => admin.port, '/stats'],
  ['the port of its own', () => ownPort, '/'],
];

it.each(pages)(
  '%s shows a page: routes, backends and workers, names from outside escaped',
  async (_name, port, path) => {
    const { status, headers, text } = await send(port(), `GET ${path}`);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(text).toContain('app.test/');
    expect(text).toContain('unhealthy: &lt;b&gt;its health check fails');
    expect(text).toContain('2.0 KiB');
    expect(text).toContain('worker 7');
    expect(text).not.toContain('<b>its');
    expect(text).not.toContain('secret');
  },
);

it.each([
  ['the admin API', () => admin.port, '/stats.csv'],
  ['the port of its own', () => ownPort, '/;csv'],
] as const)('%s gives the columns of HAProxy, and no formula to a spreadsheet', async (_name, port, path) => {
  const { headers, text } = await send(port(), `GET ${path}`);
  expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
  const [head = '', ...lines] = text.trimEnd().split('\n');
  expect(head).toMatch(/^# pxname,svname,scur,stot,bin,bout,eresp,status,weight,/);
  expect(lines[0]).toBe('app.test/,FRONTEND,1,4,10,2048,1,OPEN,,0,3,0,0,1,5,http,,');
  expect(lines[1]).toContain(',DOWN,1,');
  expect(lines[2]).toBe(`app.test/,'=cmd(),0,0,0,0,0,DOWN,1,,,,,,,http,,"it does not run, ""web"""`);
  expect(lines[3]).toBe('workers,7,2,4,10,2048,1,UP,,,,,,,,,,');
});

it.each([
  ['the admin API', () => admin.port, '/stats.json'],
  ['the port of its own', () => ownPort, '/;json'],
] as const)('%s gives JSON, of some routes when asked so', async (_name, port, path) => {
  const all = await send(port(), `GET ${path}`);
  expect(all.answer).toMatchObject({ ok: true, message: '1 of 1 routes', data: { server: 'edge-1' } });
  const none = await send(port(), `GET ${path}?match=other`);
  expect(none.answer).toMatchObject({ message: '0 of 1 routes', data: { routes: [] } });
});

it('loads itself again when asked to, within reason', async () => {
  expect((await send(admin.port, 'GET /stats?refresh=5')).headers.get('refresh')).toBe('5');
  expect((await send(admin.port, 'GET /stats')).headers.has('refresh')).toBe(false);
  expect((await send(admin.port, 'GET /stats?refresh=x')).status).toBe(400);
  expect((await send(admin.port, `GET /stats?match=${'x'.repeat(300)}`)).status).toBe(400);
});

it('is for programs on this machine, else for those who have the token, as Bearer or Basic', async () => {
  const page = { 'Sec-Fetch-Site': 'cross-site' };
  const refused = await send(ownPort, 'GET /', page);
  expect(refused.status).toBe(401);
  expect(refused.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
  const basic = (text: string) => ({ ...page, Authorization: `Basic ${Buffer.from(text).toString('base64')}` });
  expect((await send(ownPort, 'GET /', basic(`anybody:${TOKEN}`))).status).toBe(200);
  expect((await send(ownPort, 'GET /', basic('anybody:wrong'))).status).toBe(401);
  expect((await send(ownPort, 'GET /', { ...page, ...AUTHORIZED })).status).toBe(200);
});

it('takes no Basic where something can be changed: a browser would send it along by itself', async () => {
  const Authorization = `Basic ${Buffer.from(`x:${TOKEN}`).toString('base64')}`;
  expect((await send(admin.port, 'GET /stats', { Authorization })).status).toBe(401);
});
