import { expect, test } from 'vitest';
import { composeDependencies, composeLabels } from './compose-labels.ts';

const labels = (said: Readonly<Record<string, string>>) =>
  new Map(Object.entries(said).map(([key, value]) => [`com.docker.compose.${key}`, value]));

test.each([
  ['', []],
  ['db', [['db', 'started']]],
  ['db:service_healthy:false', [['db', 'healthy']]],
  [
    'db:service_healthy:false,cache:service_started:true,setup:service_completed_successfully:false',
    [
      ['db', 'healthy'],
      ['cache', 'started'],
      ['setup', 'completed'],
    ],
  ],
  ['db:service_running_or_healthy', [['db', 'started']]],
  [
    ' ,db:,:service_healthy, cache ',
    [
      ['db', 'started'],
      ['cache', 'started'],
    ],
  ],
])('depends_on %s', (written, expected) => {
  const found = composeDependencies(labels({ depends_on: written }));
  expect(found.map(({ service, condition }) => [service, condition])).toEqual(expected);
});

test('a hostile depends_on is cut', () => {
  expect(composeDependencies(labels({ depends_on: 'a,'.repeat(100_000) }))).toHaveLength(64);
});

test.each(['x'.repeat(129), 'a\nb', ''])('%j is no name of a project', (project) => {
  expect(composeLabels(labels({ project })).project).toBe('');
});

test('a container that inherits the labels of an image that Compose built is in no project', () => {
  const built = { project: 'shop', service: 'web', version: '5.3.1' };
  expect(composeLabels(labels(built))).toMatchObject({ project: '', service: '' });
  const made = { ...built, 'container-number': '1', oneoff: 'False' };
  expect(composeLabels(labels(made))).toEqual({ project: 'shop', service: 'web', number: '1', isOneOff: false });
  expect(composeLabels(labels({ ...made, oneoff: 'True' })).isOneOff).toBe(true);
  expect(composeLabels(labels({ project: 'by-hand' })).project).toBe('by-hand');
});
