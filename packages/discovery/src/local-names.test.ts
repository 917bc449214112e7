import { expect, test } from 'vitest';
import type { RouteDefinition } from '@dproxy/core';
import { containerOf } from './_container-of.ts';
import { describeContainer } from './describe-container.ts';
import { withoutTakenNames } from './local-names.ts';

function definitionsOf(name: string): readonly RouteDefinition[] {
  const vantage = {
    kind: 'host',
    networks: new Set(['n-bridge']),
    publishedAddress: '127.0.0.1',
    ownName: '',
  } as const;
  const facts = { engine: 'e', vantage, imageLabels: new Map(), exposedByDefault: true, networkOwner: undefined };
  return describeContainer(containerOf({ name, hostname: `${name}.example.com` }), facts).definitions;
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
