import { expect, it } from 'vitest';
import { findHostedZone, relativeName } from './find-hosted-zone.ts';
import { ZoneMemory } from './zone-memory.ts';

function lookup(has: readonly string[], nowMs = () => 0) {
  const asked: string[] = [];
  const zones = new ZoneMemory(nowMs);
  const ask = (name: string) => {
    asked.push(name);
    return Promise.resolve(has.includes(name) ? { id: `id of ${name}`, name } : undefined);
  };
  const find = (name: string, zone = '') => findHostedZone({ name, zone }, { title: 'P', zones, advice: 'do', ask });
  return { asked, find };
}

it('takes the zone that the DNS names, even when a longer one exists that nobody sees', async () => {
  const { asked, find } = lookup(['example.test', 'sub.example.test']);
  expect(await find('_acme-challenge.sub.example.test', 'example.test')).toMatchObject({ name: 'example.test' });
  expect(asked).toEqual(['example.test']);
});

it('takes the longest one where the DNS names none, or one of somebody else', async () => {
  const { asked, find } = lookup(['example.test', 'sub.example.test']);
  expect(await find('_acme-challenge.a.sub.example.test')).toMatchObject({ name: 'sub.example.test' });
  expect(asked).toEqual(['a.sub.example.test', 'sub.example.test']);
  expect(await find('_acme-challenge.b.example.test', 'b.example.test')).toMatchObject({ name: 'example.test' });
});

it('takes the challenge name itself where it is a zone', async () => {
  const { find } = lookup(['example.test', '_acme-challenge.example.test']);
  const name = '_acme-challenge.example.test';
  expect(await find(name, name)).toMatchObject({ name });
});

it('asks for no top-level domain, and for no more names than a sensible one has', async () => {
  const { asked, find } = lookup(['test']);
  await expect(find(`_acme-challenge.${'a.'.repeat(60)}test`)).rejects.toMatchObject({
    problem: 'misconfigured',
    advice: 'do',
  });
  expect(asked).toHaveLength(12);
  expect(asked.at(-1)).toBe('a.test');
});

it('remembers answers for a minute', async () => {
  let nowMs = 0;
  const { asked, find } = lookup(['example.test'], () => nowMs);
  await find('_acme-challenge.www.example.test');
  await find('_acme-challenge.www.example.test');
  expect(asked).toEqual(['www.example.test', 'example.test']);
  nowMs = 60_000;
  await find('_acme-challenge.www.example.test');
  expect(asked).toHaveLength(4);
});

it('names are relative to their zone, and @ is the zone itself', () => {
  expect(relativeName('_acme-challenge.www.example.test', 'example.test')).toBe('_acme-challenge.www');
  expect(relativeName('example.test', 'example.test')).toBe('@');
});
