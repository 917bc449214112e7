import { expect, test } from 'vitest';
import type { RouteDefinition } from '@dproxy/core';
import { containerOf } from './_container-of.ts';
import { factsOf } from './_facts-of.ts';
import { describeContainer } from './describe-container.ts';
import { withoutTakenNames } from './local-names.ts';

function definitionsOf(name: string): readonly RouteDefinition[] {
  return describeContainer(containerOf({ name, hostname: `${name}.example.com` }), factsOf()).definitions;
}

test('a second spelling gives way to the container that is really called so', () => {
  const kept = withoutTakenNames([...definitionsOf('my_app'), ...definitionsOf('my-app')]);
  expect(kept.filter(({ hosts }) => hosts.includes('my-app.localhost')).map(({ origin }) => origin.name)).toEqual([
    'my-app',
  ]);
  expect(kept.filter(({ hosts }) => hosts.includes('my_app.localhost')).map(({ origin }) => origin.name)).toEqual([
    'my_app',
  ]);
});

test('docker.localhost gives way, too', () => {
  const kept = withoutTakenNames([...definitionsOf('web'), ...definitionsOf('web.docker')]);
  expect(kept.filter(({ hosts }) => hosts.includes('web.docker.localhost')).map(({ origin }) => origin.name)).toEqual([
    'web.docker',
  ]);
});

test('what collides with nothing is passed on as it is', () => {
  const definitions = definitionsOf('web');
  expect(withoutTakenNames(definitions).every((each, index) => each === definitions[index])).toBe(true);
});
