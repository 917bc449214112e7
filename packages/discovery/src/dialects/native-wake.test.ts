import { expect, test } from 'vitest';
import { inputOf } from './_input-of.ts';
import { native } from './native.ts';

const read = (labelled: Readonly<Record<string, string>>) => native.read(inputOf({ labelled }));

test('a container wakes with its project, or with a named group', () => {
  expect(read({ 'dproxy.wake': 'true' })).toMatchObject({ wake: { scope: 'project', options: {} }, problems: [] });
  expect(read({ 'dproxy.wake.group': 'games', 'dproxy.wake.idle': '30m' }).wake).toMatchObject({
    scope: 'groups',
    groups: ['games'],
    options: { idleMs: 1_800_000 },
  });
  expect(read({ 'dproxy.wake': 'false' }).wake).toMatchObject({ scope: 'none' });
  expect(read({ 'dproxy.host': 'a.test' }).wake).toBeUndefined();
});

test('it makes no service: a container that says nothing else keeps its own names', () => {
  expect(read({ 'dproxy.wake': 'true', 'dproxy.wake.idle': '5m' })).toMatchObject({ services: [], isSilent: true });
  expect(read({ 'dproxy.wake': 'true', 'dproxy.tcp': '5432' }).services).toEqual([]);
});

test('it is the whole container that sleeps, whichever service says so', () => {
  const { wake, services, problems } = read({
    'dproxy.api.wake': 'true',
    'dproxy.web.wake': 'true',
    'dproxy.api.wake.idle': '5m',
    'dproxy.web.host': 'a.test',
  });
  expect(problems).toEqual([]);
  expect(wake?.options).toEqual({ idleMs: 300_000 });
  expect(services.map(({ service }) => service)).toEqual(['web']);
});

test('what is not understood is told; the container is left alone and goes on serving', () => {
  const { wake, services, problems } = read({ 'dproxy.host': 'a.test', 'dproxy.wake.idel': '5m' });
  expect(wake?.scope).toBe('none');
  expect(services).toMatchObject([{ hosts: ['a.test'] }]);
  expect(problems).toMatchObject([{ message: expect.stringMatching(/^dproxy\.wake\.idel: .*neither put to sleep/) }]);
});

test('a container whose labels are too many to be read is left alone', () => {
  const labels = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`dproxy.nonsense${index}`, 'x']));
  expect(read({ ...labels, 'dproxy.wake': 'true' }).wake?.scope).toBe('none');
});

test('what starts and stops containers is not for an image to say', () => {
  for (const label of ['dproxy.wake', 'dproxy.wake.group', 'dproxy.api.wake.idle']) {
    expect(native.isPublicClaim('label', label)).toBe(true);
  }
});
