import { expect, test } from 'vitest';
import { traefikOptions } from './traefik.ts';

test("what Traefik's static configuration said", () => {
  const options = {
    exposedByDefault: false,
    constraints: 'Label(`tier`, `public`)',
    defaultRule: 'Host(`{{ .Name }}.example.com`)',
    network: 'proxy',
    entryPoints: { postgres: 5_432, lan: 'internal' },
    redirectToHttps: true,
    tlsVerify: false,
    tlsOptions: 'modern',
    labels: { 'traefik.http.middlewares.a.compress': true, 'Traefik.TCP.middlewares.b.inflightconn.amount': 10 },
  };
  expect(traefikOptions().parse(options)).toEqual({
    ...options,
    tlsOptions: ['modern'],
    labels: { 'traefik.http.middlewares.a.compress': 'true', 'Traefik.TCP.middlewares.b.inflightconn.amount': '10' },
  });
});

test.each([
  [{ entryPoints: { web: 0 } }, 'entryPoints'],
  [{ entryPoints: { web: 70_000 } }, 'entryPoints'],
  [{ labels: { 'traefik.http.routers.a.rule': 'Host(`a`)' } }, 'labels'],
  [{ labels: { 'traefik.http.middlewares.a.compress': [] } }, 'labels'],
  [{ exposedByDefault: 'yes' }, 'exposedByDefault'],
])('%j is refused', (options, key) => {
  const { error } = traefikOptions().safeParse(options);
  expect(error?.issues.map(({ path }) => path[0])).toEqual([key]);
});
