import { describe, expect, it } from 'vitest';
import { ENGINE, sampleBackend, sampleContainer, sampleEntry } from './_samples.ts';
import { applySleep, comingOf } from './apply-sleep.ts';
import { applyHealth, healthTargets } from './health-verdicts.ts';
import type { SourceState } from './source.ts';
import type { StreamDefinition } from './stream.ts';
import { joinWakeGroups } from './wake-names.ts';
import type { WakeMember, WakePlan } from './wake.ts';

const FILE = 'file:/etc/dproxy.yml';

function memberOf(name: string, more: Partial<WakeMember> = {}): WakeMember {
  const state = { state: 'running', health: 'none', exitCode: 0, startedMs: 1_000, readyAfterMs: 0 } as const;
  const places = { addresses: [], hostPorts: [] };
  return { containerId: `${name}-id`, name, service: '', dependsOn: [], ...state, ...places, ...more };
}

function planOf(key: string, members: readonly WakeMember[], more: Partial<WakePlan> = {}): WakePlan {
  return { id: `${ENGINE}/${key}`, keys: [key], name: key, members, ...more } as WakePlan;
}

function engineOf(...wakePlans: readonly WakePlan[]): SourceState {
  return { source: ENGINE, definitions: [], wakePlans, rejected: [] };
}

/** An entry of dproxy.yml with `wake`, and what became of it. */
function joined(wakes: string, engines: readonly SourceState[], isOwnedByProject = false) {
  const entry = { ...sampleEntry(0, ['shop.test']), wakes };
  const file = { source: FILE, definitions: [entry], rejected: [] };
  const states = joinWakeGroups([file, ...engines], isOwnedByProject);
  const [definition] = states[0]?.definitions ?? [];
  const [backend] = definition?.backends ?? [];
  return { states, definition, backend, rejected: states.flatMap(({ rejected }) => rejected) };
}

const DOWN = { state: 'stopped' } as const;

describe('a group is named', () => {
  const plan = planOf('project:shop', [memberOf('web')], { keys: ['project:shop', 'group:games'] });

  it.each(['shop', 'project:shop', 'games', 'group:games', `${ENGINE}/project:shop`])('by %s', (name) => {
    const { definition, rejected } = joined(name, [engineOf(plan)]);
    expect([definition?.wakeGroup, rejected]).toEqual([plan.id, []]);
  });

  it('by nothing that no group is called: the route is served without it, and says so', () => {
    const { definition, backend, rejected } = joined('shpo', [engineOf(plan)]);
    expect([definition?.wakeGroup, backend?.state]).toEqual(['', 'ready']);
    const [said, unrouted] = rejected;
    expect(said).toEqual({
      source: '/etc/dproxy.yml',
      line: 1,
      column: 0,
      message: 'routes[0].wake: found "shpo", but no group of containers has this name; requests for it wake nothing',
      expected: `a compose project, a group or a container with dproxy.wake, such as project:shop`,
    });
    expect(unrouted?.source).toBe('docker:web');
  });

  it('by one word of two groups, of one engine or several: it wakes none, and is told what to write', () => {
    const ofEngine = planOf('group:shop', [memberOf('a')]);
    const elsewhere = { ...plan, id: 'docker:other/project:shop' };
    const others = [
      [ofEngine, 'project:shop, group:shop'],
      [elsewhere, `${plan.id}, ${elsewhere.id}`],
    ] as const;
    for (const [other, names] of others) {
      const { definition, rejected } = joined('shop', [engineOf(plan), engineOf(other)]);
      expect(definition?.wakeGroup).toBe('');
      expect(rejected[0]).toMatchObject({
        message: expect.stringContaining('found "shop", which is the name of several groups'),
        expected: `one of ${names}`,
      });
      expect(joined(other.id, [engineOf(plan), engineOf(other)]).definition?.wakeGroup).toBe(other.id);
    }
  });

  it.each(['__proto__', 'constructor', ''])('but never by %j', (name) => {
    expect(joined(name, [engineOf(plan)]).definition?.wakeGroup).toBe('');
  });
});

describe('a name written in full', () => {
  const shop = planOf('project:shop', [memberOf('web')]);

  it.each(['project:shop', shop.id])('%s is nobody else who calls itself so by a label', (name) => {
    const thief = planOf(`project:${name}`, [memberOf('x')]);
    const { definition, rejected } = joined(name, [engineOf(shop, thief)]);
    expect([definition?.wakeGroup, rejected.map(({ source }) => source)]).toEqual([shop.id, ['docker:x']]);
    expect(joined(name, [engineOf(thief)]).definition?.wakeGroup).toBe('');
  });
});

it('takes a word alone for that of a project where hosts belong to projects', () => {
  const shop = planOf('project:shop', [memberOf('web')]);
  const others = ['container:shop', 'group:other/shop'].map((key) => planOf(key, [memberOf(key)]));
  expect(joined('shop', [engineOf(shop, ...others)], true).definition?.wakeGroup).toBe(shop.id);
  expect(joined('shop', [engineOf(...others)], true).definition?.wakeGroup).toBe('');
  expect(joined('container:shop', [engineOf(shop, ...others)], true).definition?.wakeGroup).toBe(others[0]?.id);
});

describe('its backends', () => {
  it.each([
    ['run with its containers', [memberOf('web')], 'ready'],
    ['are stopped while none of them runs', [memberOf('web', DOWN), memberOf('db', DOWN)], 'stopped'],
    ['may be up while one runs: whether it listens is asked', [memberOf('web', DOWN), memberOf('db')], 'ready'],
    ['are paused while one is and none runs', [memberOf('web', { state: 'paused' }), memberOf('db', DOWN)], 'paused'],
    ['may be up while another one is paused', [memberOf('web', { state: 'paused' }), memberOf('db')], 'ready'],
    [
      'but not with one of those that their address names',
      [memberOf('a', { state: 'paused', service: '127.0.0.1' }), memberOf('b', { service: '127.0.0.1' })],
      'paused',
    ],
    ['start with the health check of the only one', [memberOf('web', { health: 'starting' })], 'starting'],
    ['and fail with it', [memberOf('web', { health: 'unhealthy' })], 'unhealthy'],
    ['but not with that of any of several', [memberOf('web', { health: 'unhealthy' }), memberOf('db')], 'ready'],
    ['follow the one that their address names', [memberOf('127.0.0.1', DOWN), memberOf('db')], 'stopped'],
    [
      'or of which it has the address',
      [memberOf('x', { ...DOWN, addresses: ['127.0.0.1'] }), memberOf('db')],
      'stopped',
    ],
    ['or the published port', [memberOf('x', { ...DOWN, hostPorts: [80] }), memberOf('db')], 'stopped'],
    ['or of which it names the service', [memberOf('x', { ...DOWN, service: '127.0.0.1' }), memberOf('db')], 'stopped'],
  ] as const)('%s', (_, members, state) => {
    expect(joined('shop', [engineOf(planOf('project:shop', members))]).backend?.state).toBe(state);
  });

  it('are asked whether they listen, anew when one of the containers is started or stopped', () => {
    const startOf = (...members: WakeMember[]) =>
      [...healthTargets(joined('shop', [engineOf(planOf('project:shop', members))]).states, [])].map(
        ({ startedMs, backend }) => [backend.id, startedMs],
      );
    const id = 'file:http://127.0.0.1:3000';
    expect(startOf(memberOf('web'), memberOf('db'))).toEqual([[id, 2_000]]);
    expect(startOf(memberOf('web', DOWN), memberOf('db', { startedMs: 1_500 }))).toEqual([[id, 1_500]]);
    expect(startOf(memberOf('web', DOWN))).toEqual([]);
  });

  it('not sooner after its start than the container says, where one alone can be meant', () => {
    const slow = memberOf('web', { readyAfterMs: 5_000 });
    const afterMs = (...members: WakeMember[]) =>
      [...healthTargets(joined('shop', [engineOf(planOf('project:shop', members))]).states, [])].map(
        (target) => target.afterMs,
      );
    expect([afterMs(slow), afterMs(slow, memberOf('db'))]).toEqual([[5_000], [undefined]]);
  });

  it('are not asked where the operator says so', () => {
    const definition = { ...sampleEntry(0, ['a.test']), wakes: 'shop', readiness: [] };
    const states = [{ source: FILE, definitions: [definition], rejected: [] }];
    const plan = planOf('project:shop', [memberOf('web')]);
    expect([...healthTargets(joinWakeGroups([...states, engineOf(plan)], false), [])]).toEqual([]);
  });

  it.each([
    [['ready', 'starting'], 'ready'],
    [['ready', 'draining'], 'ready'],
    [['draining'], 'draining'],
    [['stopped'], 'stopped'],
    [['starting'], 'ready'],
    [['unhealthy'], 'ready'],
    [['unreachable'], 'ready'],
    [[], 'ready'],
  ] as const)('of which the container has backends that are %j are %s', (found, state) => {
    const backends = found.map((each, at) => sampleBackend(`b${at}`, { containerId: 'web-id', state: each }));
    const definitions = [sampleContainer('web', ['web.localhost'], { backends })];
    const web = memberOf('web', { hostPorts: [80] });
    const engine = { ...engineOf(planOf('project:shop', [web, memberOf('db')])), definitions };
    expect(joined('shop', [engine]).backend?.state).toBe(state);
    const unsure = { ...engineOf(planOf('project:shop', [memberOf('web'), memberOf('db')])), definitions };
    expect(joined('shop', [unsure]).backend?.state).toBe('ready');
  });

  it('follow the container that is about to be replaced while it runs, not the one that is made in its place', () => {
    const { containerId, name, health, addresses, startedMs } = memberOf('old');
    const predecessor = { containerId, name, health, addresses, startedMs, hostPorts: [80] };
    const next = memberOf('new', { ...DOWN, startedMs: 0, hostPorts: [80], predecessor });
    const engine = engineOf(planOf('project:shop', [next, memberOf('db')]));
    expect(joined('shop', [engine]).backend?.state).toBe('ready');
    const backends = [sampleBackend('b', { containerId, state: 'draining' })];
    const definitions = [sampleContainer('old', ['old.localhost'], { backends })];
    expect(joined('shop', [{ ...engine, definitions }]).backend?.state).toBe('draining');
  });

  it('leave the table together with the group, whatever is said of their health', () => {
    const { states, backend } = joined('shop', [engineOf(planOf('project:shop', [memberOf('web'), memberOf('db')]))]);
    const coming = comingOf(states, new Map([['db-id', 'stopped']]));
    const verdicts = new Map([[backend?.id ?? '', { state: 'starting' as const, reason: '' }]]);
    const [left] = applySleep(applyHealth(states[0]!, verdicts), coming).definitions;
    expect(left?.backends.map(({ state }) => state)).toEqual(['stopped']);
    const other = comingOf(states, new Map([['another', 'stopped']]));
    expect(applySleep(states[0]!, other).definitions[0]).toBe(states[0]?.definitions[0]);
  });

  it('of its filters are left alone', () => {
    const entry = sampleEntry(0, ['shop.test']);
    const mirror = { ...entry.backends[0]!, id: 'file:mirror' };
    const definition = { ...entry, wakes: 'shop', backends: [...entry.backends, mirror] };
    const plan = planOf('project:shop', [memberOf('web', DOWN)]);
    const [file] = joinWakeGroups([{ source: FILE, definitions: [definition], rejected: [] }, engineOf(plan)], false);
    expect(file?.definitions[0]?.backends.map(({ state }) => state)).toEqual(['stopped', 'ready']);
  });

  it('of a stream are no different', () => {
    const { backends, origin } = sampleEntry(0, ['x.test']);
    const refs = backends.map(({ id }) => ({ backendId: id, weight: 1 }));
    const stream = { id: 'tcp:1', origin, wakes: 'shop', backends, refs } as unknown as StreamDefinition;
    const state = { source: FILE, definitions: [], streams: [stream], rejected: [] };
    const [file] = joinWakeGroups([state, engineOf(planOf('project:shop', [memberOf('web', DOWN)]))], false);
    expect(file?.streams).toMatchObject([{ wakeGroup: `${ENGINE}/project:shop`, backends: [{ state: 'stopped' }] }]);
  });
});

it('tells of a group that nothing leads to, and of no other', () => {
  const [lonely, used] = [planOf('container:db', [memberOf('db')]), planOf('container:web', [memberOf('web')])];
  const definitions = [sampleContainer('web', ['web.test'], { wakeGroup: used.id })];
  const [state] = joinWakeGroups([{ ...engineOf(lonely, used), definitions }], false);
  expect(state?.rejected.map(({ source }) => source)).toEqual(['docker:db']);
  expect(joined('db', [engineOf(lonely)]).rejected).toEqual([]);
});

it('leaves everything as it is where nobody names a group', () => {
  const state = { source: FILE, definitions: [sampleEntry(0, ['a.test'])], rejected: [] };
  expect(joinWakeGroups([state], false)[0]).toBe(state);
});
