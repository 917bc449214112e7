import type { WakeMember } from '@dproxy/core';
import { expect, it } from 'vitest';
import { memberOf } from '../wake/_plan-of.ts';
import { stopOrder } from './stop-order.ts';

function needing(name: string, ...services: readonly string[]): WakeMember {
  const dependsOn = services.map((service) => ({ service, condition: 'started' as const, required: true }));
  return memberOf(name, { dependsOn });
}

const namesOf = (members: readonly WakeMember[]) => stopOrder(members).map((step) => step.map(({ name }) => name));

it('stops what needs others before them, and together what may go together', () => {
  const members = [
    needing('db'),
    needing('web', 'api', 'cache'),
    needing('api', 'db'),
    needing('cache'),
    needing('job'),
  ];
  expect(namesOf(members)).toEqual([['web', 'job'], ['api', 'cache'], ['db']]);
});

it('stops the containers of one service together', () => {
  const twin = { ...needing('web-2', 'db'), service: 'web' };
  expect(namesOf([needing('web', 'db'), twin, needing('db')])).toEqual([['web', 'web-2'], ['db']]);
});

it('ends a circle, and waits for nobody who is not there', () => {
  expect(namesOf([needing('a', 'b'), needing('b', 'a'), needing('c', 'a')])).toEqual([['c'], ['a', 'b']]);
  expect(namesOf([needing('a', 'a', 'gone')])).toEqual([['a']]);
});

it('has no order for containers of no project', () => {
  const lone = [
    { ...needing('a', ''), service: '' },
    { ...needing('b', ''), service: '' },
  ];
  expect(namesOf(lone)).toEqual([['a', 'b']]);
  expect(namesOf([])).toEqual([]);
});
