import { get } from '@dproxy/testkit';
import { sharedEngine } from '@dproxy/testkit/docker';
import { expect, it } from 'vitest';
import { outerAddress } from './outer-address.ts';
import { Product } from './product.ts';

it('says where it serves, with how many workers, why there is no engine, and one line that works', async () => {
  await using product = await Product.start();
  const { output, httpPort, httpsPort, apiPort } = product;
  expect(output).toMatch(new RegExp(`serves +http://localhost:${httpPort} +https://localhost:${httpsPort}\n`));
  expect(output).toMatch(/workers +2\n/);
  expect(output).toMatch(/docker +unix:.*no-engine\.sock: not found \(there is no socket/);
  expect(output).toMatch(/routes +1\n/);
  expect(output).toMatch(new RegExp(`api +http://127\\.0\\.0\\.1:${apiPort}\n`));
  expect(output).toMatch(new RegExp(`try +curl -H 'Host: whoami\\.localhost' http://localhost:${httpPort}/\n`));
  expect(output).not.toMatch(/^ {2}warning/m);
  const answer = await product.get('whoami.localhost');
  expect([answer.status, answer.body.text.slice(0, 17)]).toEqual([200, 'Hello from dproxy']);
});

it('answers the demo route on loopback only, and the unknown host with 404', async () => {
  await using product = await Product.start({ workers: 1 });
  expect(await product.status('whoami.localhost')).toBe(200);
  expect((await product.getTls('whoami.localhost')).status).toBe(200);
  expect((await product.get('whoami.localhost', '/', 'X-Forwarded-For: 192.0.2.1\r\n')).status).toBe(404);
  expect(await product.status('elsewhere.example.com')).toBe(404);
  const host = await outerAddress(sharedEngine());
  expect((await get({ port: product.httpPort, host, name: 'whoami.localhost' })).status).toBe(404);
});

it('ignores a bind address that is none of this machine, with a warning', async () => {
  await using product = await Product.start({ workers: 1, env: { DOCKER_PROXY_HOSTNAME: 'not-this-machine.invalid' } });
  expect(product.output).toMatch(/warning .*not-this-machine\.invalid/);
  expect((await product.health()).warnings.join('\n')).toContain('not-this-machine.invalid');
  expect(await product.status('whoami.localhost')).toBe(200);
});

it('binds one address and no other, also one of an interface that is idle', async () => {
  // A bridge without containers, as at boot: to listen everywhere instead would open to all what was meant for one network.
  const host = await outerAddress(sharedEngine());
  await using product = await Product.start({ workers: 1, env: { DOCKER_PROXY_HOSTNAME: host } });
  expect(product.output).toContain(`http://${host}:${product.httpPort}`);
  expect((await get({ port: product.httpPort, host, name: 'elsewhere.test' })).status).toBe(404);
  await expect(product.get('whoami.localhost')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
