import { expect, it } from 'vitest';
import { inputOf, sampleContainer, sampleEntry } from './_samples.ts';
import type { Listener } from './listener.ts';
import { buildSnapshot } from './merge.ts';

const listener = (id: string, protocol: Listener['protocol'] = 'http'): Listener => ({
  id,
  protocol,
  addresses: [{ host: '', port: 8_000 }],
  publicPort: 8_000,
  proxyProtocol: [],
});

it('tells of routes on listeners that are not there, and keeps them', () => {
  const definitions = [
    sampleContainer('web', ['a.test'], { listeners: ['internel'] }),
    sampleEntry(0, ['b.test'], { listeners: ['internal', 'db'] }),
    sampleContainer('all', ['c.test']),
  ];
  const listeners = [listener('http'), listener('internal', 'https'), listener('db', 'tcp')];
  const { snapshot, rejected } = buildSnapshot(inputOf(definitions, { listeners }));
  expect(rejected).toEqual([
    {
      source: 'docker:web',
      line: 0,
      column: 0,
      message: 'a.test/: no listener for HTTP is called "internel", so nobody reaches it there',
      expected:
        'did you mean "internal"? A listener that is there (http, internal), or its address under listen: in dproxy.yml',
    },
    expect.objectContaining({
      source: '/etc/dproxy.yml',
      line: 1,
      message: 'b.test/: no listener for HTTP is called "db", so nobody reaches it there',
      expected: 'A listener that is there (http, internal), or its address under listen: in dproxy.yml',
    }),
  ]);
  expect([...snapshot.routes.values()].map(({ host }) => host)).toEqual(['a.test', 'b.test', 'c.test']);
});
