import { describe, expect, it } from 'vitest';
import { seenOf } from './_seen-of.ts';
import { readSeen } from './read-seen.ts';
import { rejoinNetworks } from './rejoin-networks.ts';
import type { SeenContainer, WantedNetwork } from './wake-engine.ts';

const REMEMBERED: WantedNetwork = { name: 'shop_default', id: 'old', isJoined: true, aliases: ['web'] };

/** @param there ids of networks, by name; @param owner the compose project that they belong to */
async function rejoin(
  container: Partial<SeenContainer>,
  there: Record<string, string>,
  owner = 'shop',
): Promise<string[]> {
  const done: string[] = [];
  await rejoinNetworks(seenOf('web', container), {
    find: async (name) => {
      const id = there[name];
      return id === undefined ? undefined : { id, project: owner };
    },
    create: async (name, labels) => {
      done.push(`create ${name} ${Object.values(labels).join(' ')}`);
      return 'new';
    },
    connect: async (name, aliases) => void done.push(`connect ${name} as ${aliases.join()}`),
  });
  return done;
}

it('does nothing where its networks are there', async () => {
  expect(await rejoin({ networks: [REMEMBERED] }, { shop_default: 'old' })).toEqual([]);
  expect(await rejoin({ networks: [] }, {})).toEqual([]);
});

it('makes a network of its project again, labelled as compose does, and joins it', async () => {
  expect(await rejoin({ networks: [REMEMBERED] }, {})).toEqual([
    'create shop_default shop default',
    'connect shop_default as web',
  ]);
});

it('joins one that was made again since, and one that it was taken out of', async () => {
  expect(await rejoin({ networks: [REMEMBERED] }, { shop_default: 'new' })).toEqual(['connect shop_default as web']);
  const taken = { ...REMEMBERED, id: '', isJoined: false };
  expect(await rejoin({ networks: [taken] }, { shop_default: 'old' })).toEqual(['connect shop_default as web']);
});

it('joins none that belongs to another project now, and stays in one that it is in', async () => {
  const taken = { ...REMEMBERED, id: '', isJoined: false };
  for (const network of [REMEMBERED, taken]) {
    const done = rejoin({ networks: [network] }, { shop_default: 'new' }, 'victim');
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await expect(done).rejects.toThrow('its network belongs to another project now');
    // oxlint-disable-next-line no-await-in-loop -- see above
    expect(await rejoin({ networks: [network] }, { shop_default: 'new' }, '')).toEqual(['connect shop_default as web']);
  }
  expect(await rejoin({ networks: [REMEMBERED] }, { shop_default: 'old' }, 'victim')).toEqual([]);
});

it.each([
  ['of another project', 'shop', 'shared_default'],
  ['without a project', '', 'shop_default'],
  ['of a project whose name is none', '../shop', '../shop_default'],
])('makes no network %s', async (_, project, name) => {
  const done = rejoin({ project, networks: [{ ...REMEMBERED, name }] }, {});
  await expect(done).rejects.toThrow('its network is gone');
});

describe('what a container wants', () => {
  const inspect = (networks: object, mode: string, labels: object = {}) => ({
    Id: 'ab'.repeat(32),
    State: { Status: 'exited', ExitCode: 137, StartedAt: '2026-01-02T03:04:05.6Z' },
    Config: { Labels: { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web', ...labels } },
    HostConfig: { NetworkMode: mode },
    NetworkSettings: { Networks: networks },
  });

  it('the networks that it remembers, by its service and its own aliases, without the one that the engine adds', () => {
    const endpoint = { NetworkID: 'old', Aliases: ['shop-web-1', 'web', 'ab'.repeat(6)] };
    expect(readSeen(inspect({ shop_default: endpoint }, 'shop_default'))).toMatchObject({
      state: 'exited',
      exitCode: 137,
      startedMs: Date.UTC(2026, 0, 2, 3, 4, 5, 600),
      stopTimeoutMs: 10_000,
      project: 'shop',
      networks: [{ name: 'shop_default', id: 'old', isJoined: true, aliases: ['web', 'shop-web-1'] }],
    });
  });

  it('its first network, when it was taken out of it', () => {
    expect(readSeen(inspect({}, 'shop_default')).networks).toEqual([
      { name: 'shop_default', id: '', isJoined: false, aliases: ['web'] },
    ]);
  });

  it.each(['bridge', 'default', 'host', 'none', 'container:abc', 'ab'.repeat(32), 'a/../b', ''])(
    'nothing of %s, which is always there or no name',
    (mode) => {
      expect(readSeen(inspect({ bridge: { NetworkID: 'x' } }, mode)).networks).toEqual([]);
    },
  );

  it('says whose network it uses', () => {
    expect(readSeen(inspect({}, 'container:abc')).networkOf).toBe('abc');
  });

  it('refuses what is no container', () => {
    expect(() => readSeen({ ...inspect({}, ''), State: { Status: 'dancing' } })).toThrow('dancing is no state');
  });
});
