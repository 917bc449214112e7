import { expect, test } from 'vitest';
import type { Container } from '@dproxy/discovery';
import { neighbourOf } from './neighbours.ts';

const found = (image: string, env: Readonly<Record<string, string>> = {}) =>
  neighbourOf({ image, env: new Map(Object.entries(env)) } as unknown as Container);

test.each([
  ['nginxproxy/nginx-proxy', 'nginx-proxy'],
  ['ghcr.io/nginx-proxy/nginx-proxy:1.7-alpine', 'nginx-proxy'],
  ['docker.io/jwilder/nginx-proxy:alpine', 'nginx-proxy'],
  ['nginxproxy/acme-companion:2', 'acme-companion'],
  ['traefik:v3.1', 'Traefik'],
  ['docker.io/library/traefik', 'Traefik'],
  ['traefik/whoami', undefined],
  ['nginx', undefined],
])('%s is %s', (image, name) => {
  expect(found(image)?.name).toBe(name);
});

test('its variables are lines of dproxy.yml', () => {
  const env = { DEFAULT_HOST: 'a.test', HTTPS_METHOD: 'nohttps', TRUST_DOWNSTREAM_PROXY: 'false', OTHER: 'x' };
  expect(found('nginxproxy/nginx-proxy', env)?.settings).toEqual([
    'docker.dialects.nginxProxy.defaultHost: a.test',
    'docker.dialects.nginxProxy.httpsMethod: nohttps',
  ]);
});
