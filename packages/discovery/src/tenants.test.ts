import type { RouteDefinition, SourceState } from '@dproxy/core';
import { describe, expect, test } from 'vitest';
import { containerOf } from './_container-of.ts';
import { EngineMirror } from './engine-mirror.ts';

type Labels = Readonly<Record<string, string>>;

interface Tenant {
  readonly name: string;
  readonly project: string;
  readonly labels: Labels;
}

const ENDPOINT = { name: 'e', socketPath: '/run/docker.sock', host: '', port: 0, tls: null };
const VICTIM_HASH = `$2y$05$${'v'.repeat(53)}`;
const OTHER_HASH = `$2y$05$${'o'.repeat(53)}`;

/** What an engine with these containers adds, the oldest first. */
function stateOf(tenants: readonly Tenant[], isOwnedByProject = true): SourceState {
  const settings = {
    trustImages: true,
    exposedByDefault: false,
    dialects: {},
    isOwnedByProject,
    listeners: ['http', 'https'],
    ownContainerId: '',
    hostReachesBridges: true,
  };
  const mirror = new EngineMirror(ENDPOINT, settings);
  mirror.setNetworks([{ id: 'n-bridge', name: 'bridge', driver: 'bridge' }]);
  for (const [index, { name, project, labels }] of tenants.entries()) {
    const labelled = { 'com.docker.compose.project': project, ...labels };
    const id = `${index}`.padStart(12, 'a').padEnd(64, '0');
    const attachments = [
      { network: 'bridge', networkId: 'n-bridge', address: `172.17.0.${index + 2}`, gateway: '172.17.0.1' },
    ];
    mirror.put(containerOf({ id, name, createdMs: index, labelled, attachments }));
  }
  return mirror.state();
}

function routesOf({ definitions }: SourceState, host: string): readonly RouteDefinition[] {
  return definitions.filter(({ hosts }) => hosts.includes(host));
}

const users = (hash: string): Labels => ({ 'traefik.http.middlewares.auth.basicauth.users': `a:${hash}` });

const VICTIM: Tenant = {
  name: 'shop',
  project: 'shop',
  labels: {
    'traefik.http.routers.shop.rule': 'Host(`shop.com`)',
    'traefik.http.routers.shop.middlewares': 'auth',
    'traefik.http.services.shop.loadbalancer.server.port': '80',
    ...users(VICTIM_HASH),
  },
};

describe('with the labels of Traefik', () => {
  test.each([true, false])('the own definition of a password counts, however old another is (owned: %s)', (isOwned) => {
    const evil = { name: 'evil', project: 'evil', labels: { 'traefik.enable': 'true', ...users(OTHER_HASH) } };
    const state = stateOf([evil, VICTIM], isOwned);
    expect(routesOf(state, 'shop.com')).toMatchObject([{ filters: [{ users: [['a', VICTIM_HASH]] }] }]);
  });

  test.each([true, false])('a router of the same name in another project takes none away (owned: %s)', (isOwned) => {
    const evil = {
      name: 'evil',
      project: 'evil',
      labels: {
        'traefik.http.routers.shop.rule': 'Host(`evil.com`)',
        'traefik.http.services.evil.loadbalancer.server.port': '80',
      },
    };
    expect(routesOf(stateOf([evil, VICTIM], isOwned), 'shop.com')).toHaveLength(1);
  });

  test('nobody opens the service of another project past its password, nor its hosts in its name', () => {
    const evil = {
      name: 'evil',
      project: 'evil',
      labels: {
        'traefik.http.routers.open.rule': 'Host(`shop.com`)',
        'traefik.http.routers.open.priority': '1000000',
        'traefik.http.routers.open.service': 'shop',
      },
    };
    const state = stateOf([evil, VICTIM]);
    expect(routesOf(state, 'shop.com').map(({ origin }) => origin.name)).toEqual(['shop']);
    expect(state.rejected).toContainEqual(
      expect.objectContaining({ source: 'docker:evil', message: expect.stringMatching(/has the service shop/) }),
    );
    // Where all trust each other it works as in Traefik.
    expect(routesOf(stateOf([evil, VICTIM], false), 'shop.com')).toHaveLength(2);
  });

  test('TLS on another project for a host does not take its HTTPS away', () => {
    const evil = {
      name: 'evil',
      project: 'evil',
      labels: { 'traefik.http.routers.e.rule': 'Host(`shop.com`)', 'traefik.http.routers.e.tls': 'true' },
    };
    const own = routesOf(stateOf([evil, VICTIM]), 'shop.com').find(({ origin }) => origin.name === 'shop');
    expect(own?.condition).toBeNull();
  });

  test('a middleware that two other projects define differently closes the site; one of them alone is used', () => {
    const { [`traefik.http.middlewares.auth.basicauth.users`]: _own, ...labels } = VICTIM.labels;
    const user = { ...VICTIM, labels };
    const infra = { name: 'infra', project: 'infra', labels: { 'traefik.enable': 'true', ...users(VICTIM_HASH) } };
    const evil = { name: 'evil', project: 'evil', labels: { 'traefik.enable': 'true', ...users(OTHER_HASH) } };
    expect(routesOf(stateOf([infra, user]), 'shop.com')).toMatchObject([{ filters: [{ type: 'basicAuth' }] }]);
    const clashing = stateOf([evil, infra, user]);
    expect(routesOf(clashing, 'shop.com')).toMatchObject([{ filters: [], action: { type: 'respond', status: 503 } }]);
    expect(clashing.rejected).toContainEqual(
      expect.objectContaining({ message: expect.stringMatching(/auth is defined on evil and infra, differently/) }),
    );
  });
});

describe('services that filters name', () => {
  const mirrored: Tenant = {
    name: 'shop',
    project: 'shop',
    labels: {
      'dproxy.host': 'shop.com',
      'dproxy.port': '80',
      'dproxy.filters.0.mirror.to': 'copy',
    },
  };
  const copy = (project: string): Tenant => ({
    name: `${project}-copy`,
    project,
    labels: { 'dproxy.copy.host': `${project}-copy.com`, 'dproxy.copy.port': '80' },
  });
  const backendsOf = (state: SourceState): readonly string[] =>
    routesOf(state, 'shop.com').flatMap(({ backends }) => backends.map(({ name }) => name));

  test('are those of the own project, whoever else has the name', () => {
    expect(backendsOf(stateOf([copy('evil'), mirrored, copy('shop')], false))).toEqual(['shop', 'shop-copy']);
  });

  test('are of no other project where hosts belong to projects', () => {
    const state = stateOf([copy('evil'), mirrored]);
    expect(backendsOf(state)).toEqual(['shop']);
    expect(state.rejected).toContainEqual(
      expect.objectContaining({ message: expect.stringMatching(/copy, which no container of its project has/) }),
    );
    expect(backendsOf(stateOf([copy('evil'), mirrored], false))).toEqual(['shop', 'evil-copy']);
  });
});

describe('with the labels of caddy-docker-proxy', () => {
  const site = { caddy: 'shop.com', 'caddy.reverse_proxy': '{{upstreams 80}}' };

  test('nobody locks the site of another project, or is shown its requests', () => {
    const evil = {
      name: 'evil',
      project: 'evil',
      labels: { ...site, 'caddy.forward_auth': 'http://evil:80', 'caddy.forward_auth.uri': '/steal' },
    };
    const shop = { name: 'shop', project: 'shop', labels: site };
    const filtersOf = (isOwned: boolean) =>
      routesOf(stateOf([evil, shop], isOwned), 'shop.com')
        .filter(({ origin }) => origin.name === 'shop')
        .flatMap(({ filters = [] }) => filters);
    expect(filtersOf(true)).toEqual([]);
    expect(filtersOf(false)).toMatchObject([{ type: 'forwardAuth' }]);
  });

  test('a snippet is that of the own project, and nobody’s when two others differ', () => {
    const snippet = (project: string, hash: string): Tenant => ({
      name: project,
      project,
      labels: { caddy: '(auth)', 'caddy.basic_auth.a': hash },
    });
    const shop = { name: 'web', project: 'shop', labels: { ...site, 'caddy.import': 'auth' } };
    const own = stateOf([snippet('evil', OTHER_HASH), snippet('shop', VICTIM_HASH), shop]);
    expect(routesOf(own, 'shop.com')).toMatchObject([{ filters: [{ users: [['a', VICTIM_HASH]] }] }]);
    expect(routesOf(stateOf([snippet('evil', OTHER_HASH), snippet('infra', VICTIM_HASH), shop]), 'shop.com')).toEqual(
      [],
    );
  });
});
