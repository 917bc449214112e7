import { join } from 'node:path';
import { tempFolder } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { ROOT, runProgram } from './product.ts';

const PROGRAM = `
import { createProxy } from 'dproxy';

const lines = [];
const write = (fields, message) => lines.push(message);
const log = { debug: write, info: write, warn: write, error: write };
const settings = {
  listen: { http: '127.0.0.1:0', https: '127.0.0.1:0' },
  docker: [],
  routes: [{ host: 'app.test', respond: { body: 'hello' } }],
};
const proxy = createProxy(settings, { log });
const addresses = await proxy.listen();
const { port } = addresses.find(({ listener }) => listener === 'http');
const answer = await ask(port, 'app.test');
const unknown = await ask(port, 'other.test');
proxy.debug('a word');
await proxy.close();
await proxy.close();
const closed = await ask(port, 'app.test').catch((error) => error.code);
const refused = await createProxy({ rutes: [] }, { log }).listen().catch((error) => error.message);
console.log(JSON.stringify({ listeners: addresses.map(({ listener }) => listener), answer, unknown, closed, refused, hasWord: lines.includes('a word'), hasLog: proxy.log === log }));

async function ask(port, host) {
  const { request } = await import('node:http');
  return await new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, headers: { host }, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve([response.statusCode, text.slice(0, 5)]));
    });
    call.on('error', reject);
    call.end();
  });
}
`;

it('serves from a program, and lets it end by itself after close', async () => {
  await using folder = await tempFolder('dp-');
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder.path,
    DOCKER_PROXY_STATE_PATH: join(folder.path, 'state'),
  };
  // From the checkout: that is where the name leads to.
  const run = await runProgram([process.execPath, '--input-type=module', '-e', PROGRAM], { env, cwd: ROOT });
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(run.stdout)).toMatchObject({
    listeners: ['http', 'https'],
    answer: [200, 'hello'],
    unknown: [404, expect.any(String)],
    closed: 'ECONNREFUSED',
    refused: expect.stringMatching(/rutes[^]*did you mean/) as string,
    hasWord: true,
    hasLog: true,
  });
});
