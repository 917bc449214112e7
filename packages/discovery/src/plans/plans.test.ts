import { DEFAULT_WAKE } from '@dproxy/config';
import type { WakePlan } from '@dproxy/core';
import { describe, expect, test } from 'vitest';
import { containerOf } from '../_container-of.ts';
import { factsOf } from '../_facts-of.ts';
import type { Container } from '../container.ts';
import { describeContainer } from '../describe-container.ts';
import type { WakeClaims } from '../dialects/dialect.ts';
import { composeLabels } from './compose-labels.ts';
import type { Sleeper } from './plan-groups.ts';
import { wakePlans } from './plans.ts';

const CLAIMS: WakeClaims = {
  scope: 'project',
  groups: [],
  name: '',
  options: {},
  isPermanent: false,
  readyAfterMs: 0,
};
const groups = (...names: string[]): Partial<WakeClaims> => ({ scope: 'groups', groups: names });

interface Said {
  readonly wake?: Partial<WakeClaims>;
  readonly project?: string;
  readonly service?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly parts?: Partial<Container>;
  /** Empty: it has no route. */
  readonly host?: string;
}

let made = 0;

/** Each is younger than the one before. */
function sleeper(
  name: string,
  { wake, project, service, labels = {}, parts = {}, host = `${name}.test` }: Said = {},
): Sleeper {
  made += 1;
  const labelled = {
    ...(project === undefined ? {} : { 'com.docker.compose.project': project }),
    ...(service === undefined ? {} : { 'com.docker.compose.service': service }),
    ...(host === '' ? {} : { 'dproxy.host': host }),
    ...labels,
  };
  const id = made.toString(16).padStart(64, '0');
  const container = containerOf({ id, name, createdMs: made, labelled, ...parts });
  const { definitions, streams } = describeContainer(container, factsOf({ exposedByDefault: false }));
  const compose = composeLabels(container.labels);
  return { container, compose, claims: wake === undefined ? undefined : { ...CLAIMS, ...wake }, definitions, streams };
}

function planned(sleepers: readonly Sleeper[], isOwnedByProject = false) {
  const facts = { source: 'docker:e', defaults: DEFAULT_WAKE, isOwnedByProject };
  const { plans, groups: groupsById, rejected } = wakePlans(sleepers, facts);
  const names = new Map(sleepers.map(({ container }) => [container.id, container.name]));
  return {
    plans,
    rejected,
    members: Object.fromEntries(plans.map(({ id, members }) => [id, members.map(({ name }) => name)])),
    wakes: Object.fromEntries([...groupsById].map(([id, group]) => [names.get(id), group])),
  };
}

const one = (sleepers: readonly Sleeper[]): WakePlan | undefined => planned(sleepers).plans[0];

describe('who belongs together', () => {
  test('one container makes its whole project a group', () => {
    const { members, wakes, rejected } = planned([
      sleeper('web', { wake: {}, project: 'shop' }),
      sleeper('db', { project: 'shop', host: '' }),
      sleeper('other', { project: 'blog' }),
    ]);
    expect(members).toEqual({ 'docker:e/project:shop': ['web', 'db'] });
    expect(wakes).toEqual({ web: 'docker:e/project:shop', db: 'docker:e/project:shop' });
    expect(rejected).toEqual([]);
  });

  test.each([
    ['false', { wake: { scope: 'none' as const } }, []],
    ['a one-off', { labels: { 'com.docker.compose.oneoff': 'True' } }, []],
    ['a group of its own', { wake: groups('data') }, [['docker:e/group:data', ['db']]]],
    ['a task of a Swarm service', { labels: { 'com.docker.swarm.task.id': 'x' } }, []],
    ['an image that Compose built', { labels: { 'com.docker.compose.version': '2' } }, []],
  ])('of a project that sleeps, left out: %s', (_, said, more) => {
    const { members } = planned([
      sleeper('web', { wake: {}, project: 'shop' }),
      sleeper('db', { project: 'shop', ...said }),
    ]);
    expect(Object.entries(members)).toEqual([['docker:e/project:shop', ['web']], ...more]);
  });

  test('a one-off does not put the project to sleep that it borrows its labels from', () => {
    const run = sleeper('run', { wake: {}, project: 'shop', labels: { 'com.docker.compose.oneoff': 'True' } });
    expect(planned([run, sleeper('web', { project: 'shop' })]).members).toEqual({});
  });

  test('without a project a container is alone', () => {
    expect(planned([sleeper('a', { wake: {} }), sleeper('b', { wake: { scope: 'alone' } })]).members).toEqual({
      'docker:e/container:a': ['a'],
      'docker:e/container:b': ['b'],
    });
  });

  test('named groups go through projects, and a container in two of them makes them one', () => {
    const { members, plans } = planned([
      sleeper('one', { wake: groups('z', 'b'), project: 'p' }),
      sleeper('two', { wake: groups('b') }),
      sleeper('three', { wake: groups('a', 'c') }),
      sleeper('four', { wake: groups('c', 'z') }),
      sleeper('five', { wake: groups('q') }),
    ]);
    expect(members).toEqual({
      'docker:e/group:a': ['one', 'two', 'three', 'four'],
      'docker:e/group:q': ['five'],
    });
    expect(plans[0]?.name).toBe('a, b, c, z');
  });

  test('where projects own their hosts, a group is one of its project only', () => {
    const { members } = planned(
      [
        sleeper('one', { wake: groups('g'), project: 'p' }),
        sleeper('two', { wake: groups('g'), project: 'p' }),
        sleeper('stranger', { wake: groups('g'), project: 'q' }),
        sleeper('free', { wake: groups('g') }),
        sleeper('trick', { wake: groups('g'), project: 'p/g' }),
      ],
      true,
    );
    expect(members).toEqual({
      'docker:e/group:p/g': ['one', 'two'],
      'docker:e/group:q/g': ['stranger'],
      'docker:e/container:free': ['free'],
      'docker:e/group:p/g/g': ['trick'],
    });
  });

  test.each([
    ['host', {}, {}, true],
    ['host, with another path', {}, { 'dproxy.path': '/api' }, false],
    ['host, with a condition', {}, { 'dproxy.match.methods': 'POST' }, false],
    ['host, on another port', {}, { 'dproxy.ports': '8080' }, false],
  ])('replicas of one %s are one group', (_, left, right, isOne) => {
    const { members } = planned([
      sleeper('one', { wake: {}, host: 'same.test', labels: left }),
      sleeper('two', { wake: {}, project: 'p', host: 'same.test', labels: right }),
    ]);
    const one = { 'docker:e/container:one': ['one', 'two'] };
    expect(members).toEqual(isOne ? one : { 'docker:e/container:one': ['one'], 'docker:e/project:p': ['two'] });
  });

  test.each([
    ['9000', true],
    ['9001', false],
  ])('a port for TCP that is also asked for as 9000: %s', (port, isOne) => {
    const { members } = planned([
      sleeper('one', { wake: {}, host: '', labels: { 'dproxy.tcp': '9000' } }),
      sleeper('two', { wake: {}, host: '', labels: { 'dproxy.tcp': port } }),
    ]);
    expect(Object.keys(members)).toHaveLength(isOne ? 1 : 2);
  });

  test('where projects own their hosts, who asks for the host of another is no replica', () => {
    const host = 'same.test';
    const web = sleeper('web', { wake: {}, project: 'p', host });
    const { members } = planned(
      [web, sleeper('thief', { wake: {}, project: 'q', host }), sleeper('x', { wake: {}, host })],
      true,
    );
    expect(Object.keys(members)).toEqual(['docker:e/project:p', 'docker:e/project:q', 'docker:e/container:x']);
  });

  test('names that nobody asked for make no replicas', () => {
    const two = ['one', 'two'].map((name) => {
      const parts = { hostname: 'app' };
      const { container, compose, claims } = sleeper(name, { wake: {}, host: '', parts });
      const { definitions, streams } = describeContainer(container, factsOf());
      return { container, compose, claims, definitions, streams };
    });
    expect(two.map(({ definitions }) => definitions[0]?.hosts.includes('app.internal'))).toEqual([true, true]);
    expect(Object.keys(planned(two).members)).toHaveLength(2);
  });

  test('a container that is being replaced is not woken beside its successor', () => {
    const labels = { 'com.docker.compose.container-number': '1' };
    const { members } = planned([
      sleeper('old', { wake: {}, project: 'shop', service: 'web', labels }),
      sleeper('second', { project: 'shop', service: 'web', labels: { 'com.docker.compose.container-number': '2' } }),
      sleeper('new', { wake: {}, project: 'shop', service: 'web', labels, parts: { state: 'created' } }),
    ]);
    expect(members).toEqual({ 'docker:e/project:shop': ['second', 'new'] });
  });

  test.each([
    ['running', 'created', 'old'],
    ['restarting', 'exited', 'old'],
    ['exited', 'created', undefined],
    ['running', 'running', undefined],
  ] as const)('of one that is %s its successor, %s, has the predecessor %s', (before, after, predecessor) => {
    const labels = { 'com.docker.compose.container-number': '1' };
    const said = { wake: {}, project: 'shop', service: 'web', labels };
    const { plans } = planned([
      sleeper('new', { ...said, parts: { createdMs: 1e6, state: after } }),
      sleeper('old', { ...said, parts: { state: before } }),
    ]);
    expect(plans[0]?.members.map(({ name, predecessor: of }) => [name, of?.name])).toEqual([['new', predecessor]]);
  });

  test('the order in which they come does not matter', () => {
    const sleepers = ['a', 'b', 'c'].map((name) =>
      sleeper(name, { wake: { ...groups('g'), options: { theme: name } } }),
    );
    expect(planned(sleepers.toReversed()).plans).toEqual(planned(sleepers).plans);
  });

  test('the oldest 64 of a group are enough', () => {
    const sleepers = Array.from({ length: 70 }, (_, index) => sleeper(`c${index}`, { wake: groups('g') }));
    const { members, rejected, wakes } = planned(sleepers);
    expect(members['docker:e/group:g']).toHaveLength(64);
    expect(wakes['c64']).toBeUndefined();
    expect(rejected).toMatchObject([{ source: 'docker:c0', expected: 'at most 64 containers in one group' }]);
  });

  test('what --rm made is not stopped, which would remove it, but may be paused', () => {
    const parts = { isAutoRemoved: true };
    const stopped = planned([sleeper('web', { wake: groups('g') }), sleeper('tmp', { wake: groups('g'), parts })]);
    expect(stopped.members).toEqual({ 'docker:e/group:g': ['web'] });
    expect(stopped.rejected).toMatchObject([{ source: 'docker:tmp', message: expect.stringContaining('--rm') }]);
    expect(planned([sleeper('tmp', { wake: {}, parts })]).members).toEqual({});
    const paused = { options: { method: 'pause' as const } };
    expect(planned([sleeper('tmp', { wake: paused, parts })]).members).toEqual({ 'docker:e/container:tmp': ['tmp'] });
  });

  test('a group without a route has a plan, because dproxy.yml may lead to it; a Swarm task has none', () => {
    const { plans, rejected } = planned([
      sleeper('db', { wake: {}, host: '' }),
      sleeper('task', { wake: {}, labels: { 'com.docker.swarm.task.id': 'x' } }),
    ]);
    expect(plans.map(({ keys }) => keys)).toEqual([['container:db']]);
    expect(rejected.map(({ source }) => source)).toEqual(['docker:task']);
  });
});

describe('how a group sleeps', () => {
  test('as dproxy.yml says, where no container says otherwise', () => {
    const { idleMs, method, busyCpuPercent, probePath, afterManualStop, showsLog } = DEFAULT_WAKE;
    const { autostart, timeoutMs, browsers, theme } = DEFAULT_WAKE;
    const said = { autostart, timeoutMs, browsers, theme, idleMs, method, busyCpuPercent, probePath };
    const plan = one([sleeper('web', { wake: {} })]);
    expect(plan).toEqual({
      ...said,
      keys: ['container:web'],
      afterManualStop,
      showsLog,
      id: 'docker:e/container:web',
      name: 'web',
      awake: [],
      members: expect.any(Array),
    });
  });

  test('as the oldest says that says something; what others say otherwise is told', () => {
    const { plans, rejected } = planned([
      sleeper('db', { project: 'shop' }),
      sleeper('web', { wake: { options: { idleMs: 60_000, theme: 'ghost' } }, project: 'shop' }),
      sleeper('api', {
        wake: { options: { idleMs: 5_000, theme: 'ghost', method: 'pause' }, name: 'Shop' },
        project: 'shop',
      }),
    ]);
    expect(plans).toMatchObject([{ idleMs: 60_000, theme: 'ghost', method: 'pause', name: 'Shop' }]);
    expect(rejected).toMatchObject([{ source: 'docker:api', message: expect.stringContaining('idle (web)') }]);
  });

  test('times are in the zone that was said', () => {
    const awake = [{ days: [1], from: 0, to: 60 }];
    const plan = one([
      sleeper('web', { wake: { options: { awake } }, project: 'p' }),
      sleeper('api', { wake: { options: { timeZone: 'UTC' } }, project: 'p' }),
    ]);
    expect(plan?.awake).toEqual([{ days: [1], from: 0, to: 60, timeZone: 'UTC' }]);
  });

  test('one permanent container keeps its group awake', () => {
    const plan = one([
      sleeper('web', { wake: { options: { idleMs: 60_000 } }, project: 'p' }),
      sleeper('api', { wake: { isPermanent: true }, project: 'p' }),
    ]);
    expect(plan?.idleMs).toBe(0);
  });
});

describe('members', () => {
  test.each([
    ['running', 'running'],
    ['restarting', 'running'],
    ['paused', 'paused'],
    ['created', 'stopped'],
    ['exited', 'stopped'],
    ['removing', 'removing'],
    ['dead', 'removing'],
  ] as const)('a container that is %s is %s', (state, expected) => {
    const parts = { state, exitCode: 3, startedMs: 7, health: 'unhealthy' as const };
    const plan = one([sleeper('web', { wake: { readyAfterMs: 5 }, parts })]);
    expect(plan?.members).toMatchObject([
      { name: 'web', state: expected, exitCode: 3, startedMs: 7, health: 'unhealthy', readyAfterMs: 5 },
    ]);
  });

  test('one that was never started has no time of it', () => {
    const startedMs = Date.parse('0001-01-01T00:00:00Z');
    expect(one([sleeper('web', { wake: {}, parts: { startedMs } })])?.members[0]?.startedMs).toBe(0);
  });

  test('wait for the services of their own project that are members', () => {
    const needs = (said: string) => ({ 'com.docker.compose.depends_on': said });
    const plan = one([
      sleeper('web', { wake: {}, project: 'p', service: 'web', labels: needs('db:service_healthy:false,gone,awake') }),
      sleeper('db', { project: 'p', service: 'db' }),
      sleeper('awake', { wake: { scope: 'none' }, project: 'p', service: 'awake' }),
    ]);
    expect(plan?.members[0]?.dependsOn).toEqual([{ service: 'db', condition: 'healthy', required: true }]);
  });

  test('of several projects wait for their own services only', () => {
    const needs = { 'com.docker.compose.depends_on': 'db' };
    const plan = one([
      sleeper('web', { wake: groups('g'), project: 'p', service: 'web', labels: needs }),
      sleeper('p-db', { wake: groups('g'), project: 'p', service: 'db' }),
      sleeper('q-db', { wake: groups('g'), project: 'q', service: 'db' }),
    ]);
    expect(plan?.members.map(({ service, dependsOn }) => [service, dependsOn.map((each) => each.service)])).toEqual([
      ['p/web', ['p/db']],
      ['p/db', []],
      ['q/db', []],
    ]);
  });

  test('wait for the container whose network they use', () => {
    const vpn = sleeper('vpn', { project: 'p', service: 'vpn' });
    const parts = { networkMode: `container:${vpn.container.id}` };
    const plan = one([vpn, sleeper('web', { wake: {}, project: 'p', service: 'web', parts })]);
    expect(plan?.members[1]?.dependsOn).toEqual([{ service: 'vpn', condition: 'started', required: true }]);
  });
});

test('2,000 containers that share groups are planned at once, and bounded', () => {
  const sleepers = Array.from({ length: 2_000 }, (_, index) => {
    const names = Array.from({ length: 16 }, (__, step) => `g${(index * 7 + step * 11) % 2_000}`);
    return sleeper(`c${index}`, { wake: { ...groups(...names), options: { idleMs: index * 1_000 } } });
  });
  const { plans, rejected } = planned(sleepers);
  expect(plans.every(({ members }) => members.length <= 64)).toBe(true);
  expect(rejected.length).toBeLessThan(200);
});
