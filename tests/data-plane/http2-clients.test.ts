import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually, Http2Client, Origin, readHttp2Response, tempFolder } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { SITE_CERTIFICATE } from '../../packages/proxy/src/fixtures/certificates.ts';
import { startHttp2Edge } from '../../packages/proxy/src/fixtures/http2-edge.ts';

const run = promisify(execFile);
const REQUESTS = 200;

/** curl, which trusts the certificate and finds the host on loopback. */
async function curl(port: number, file: string, ...args: readonly string[]): Promise<string> {
  const place = ['--cacert', file, '--resolve', `a.test:${port}:127.0.0.1`];
  const { stdout } = await run('curl', ['-sS', '--http2', ...place, ...args, `https://a.test:${port}/`]);
  return stdout;
}

describe('clients of HTTP/2 that others have written', () => {
  it('curl gets an answer, and sends 10 MiB', async () => {
    await using origin = await Origin.start(async (exchange) => {
      const body = await exchange.body();
      await exchange.respond({ body: `${body.length} ${body.sha256}` });
    });
    await using edge = await startHttp2Edge(origin);
    await using folder = await tempFolder();
    const ca = join(folder.path, 'ca.pem');
    writeFileSync(ca, SITE_CERTIFICATE.certificatePem);
    const upload = join(folder.path, 'upload');
    const bytes = Buffer.alloc(10 * 1_048_576, 'upload ');
    writeFileSync(upload, bytes);
    const format = ['-w', ' HTTP/%{http_version} %{http_code}'];
    expect(await curl(edge.port('https'), ca, ...format)).toMatch(/^0 \S+ HTTP\/2 200$/);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const sent = await curl(edge.port('https'), ca, ...format, '--data-binary', `@${upload}`);
    expect(sent).toBe(`${bytes.length} ${sha256} HTTP/2 200`);
  });

  it('nghttp reads what is sent in many frames', async () => {
    await using origin = await Origin.start((exchange) => exchange.respond({ body: 'n'.repeat(100_000) }));
    await using edge = await startHttp2Edge(origin);
    const { stdout } = await run('nghttp', [
      '-y',
      '-H',
      ':authority: a.test',
      `https://localhost:${edge.port('https')}/`,
    ]);
    expect(stdout).toBe('n'.repeat(100_000));
  });

  it(`h2load has ${REQUESTS} requests answered over 4 connections of 50 streams`, async () => {
    await using origin = await Origin.start();
    await using edge = await startHttp2Edge(origin);
    const args = ['-n', String(REQUESTS), '-c', '4', '-m', '50', `--connect-to=127.0.0.1:${edge.port('https')}`];
    const { stdout } = await run('h2load', [...args, 'https://a.test/']);
    expect(stdout).toContain(`${REQUESTS} succeeded, 0 failed, 0 errored`);
  });
});

/**
 * One request after the other until `isOver`. What GOAWAY says was not served may be repeated (RFC 9113 section 6.8), and is;
 * anything else that has no answer is lost.
 */
async function ask(port: number, isOver: () => boolean): Promise<{ answered: number; lost: unknown[] }> {
  const lost: unknown[] = [];
  let answered = 0;
  const connect = () =>
    Http2Client.connect({ port, authority: 'a.test', tls: { ca: SITE_CERTIFICATE.certificatePem } });
  let client = await connect();
  while (!isOver()) {
    if (client.session.closed || client.session.destroyed) client = await connect();
    const stream = client.open();
    try {
      await readHttp2Response(stream);
      answered++;
    } catch (error) {
      const last = client.goaways.at(-1)?.lastStreamId;
      if (last === undefined || (stream.id ?? Number.POSITIVE_INFINITY) <= last) lost.push(error);
    }
  }
  client.session.destroy();
  return { answered, lost };
}

it('a worker that leaves in the middle of the load of HTTP/2 loses no request', async () => {
  await using origin = await Origin.start();
  await using stays = await startHttp2Edge(origin, { plane: { reusePort: true } });
  const port = stays.port('https');
  let over = false;
  await using leaves = await startHttp2Edge(origin, { port, plane: { reusePort: true } });
  const load = Promise.all(Array.from({ length: 12 }, () => ask(port, () => over)));
  await eventually(() => leaves.plane.stats().requests > 100 && stays.plane.stats().requests > 100);
  expect((await leaves.plane.drain(10_000)).cut).toBe(0);
  const before = stays.plane.stats().requests;
  await eventually(() => stays.plane.stats().requests > before + 100);
  over = true;
  const results = await load;
  expect(results.flatMap(({ lost }) => lost)).toEqual([]);
});
