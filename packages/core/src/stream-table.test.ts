import { describe, expect, it } from 'vitest';
import { compileCidrs } from './client-address.ts';
import { StreamTable, type StreamQuestion } from './stream-table.ts';
import type { StreamRoute } from './stream.ts';

type Spec = Partial<Pick<StreamRoute, 'host' | 'tls' | 'alpn' | 'clients' | 'priority'>> & { readonly id: string };

function tableOf(specs: readonly Spec[]): StreamTable<ReturnType<typeof candidate>> {
  return new StreamTable(specs.map(candidate));
}

function candidate({ clients = [], ...spec }: Spec) {
  const route = { host: '*', tls: 'passthrough' as const, alpn: [], priority: 0, ...spec };
  return { route, admits: clients.length === 0 ? () => true : compileCidrs(clients) };
}

function ask(table: ReturnType<typeof tableOf>, question: Partial<StreamQuestion>): string | undefined {
  return table.findTls({ serverName: '', protocols: [], client: '192.0.2.1', ...question })?.route.id;
}

describe('a name finds', () => {
  const table = tableOf([
    { id: 'exact', host: 'db.a.test' },
    { id: 'near', host: '*.b.a.test' },
    { id: 'far', host: '*.a.test' },
    { id: 'any', host: '*' },
  ]);

  it.each([
    ['db.a.test', 'exact'],
    ['x.b.a.test', 'near'],
    ['x.y.b.a.test', 'near'],
    ['b.a.test', 'far'],
    ['other.a.test', 'far'],
    ['a.test', 'any'],
    ['', 'any'],
    ['__proto__', 'any'],
  ])('%j: %s', (serverName, id) => {
    expect(ask(table, { serverName })).toBe(id);
  });

  it('nothing, where nobody takes all names', () => {
    expect(ask(tableOf([{ id: 'exact', host: 'db.a.test' }]), { serverName: 'constructor' })).toBeUndefined();
  });
});

it('a higher priority comes before a nearer name', () => {
  const table = tableOf([
    { id: 'exact', host: 'db.a.test' },
    { id: 'any', host: '*', priority: 1 },
  ]);
  expect(ask(table, { serverName: 'db.a.test' })).toBe('any');
});

it('who asks for more comes first, and whoever it does not take goes to the next', () => {
  const table = tableOf([
    { id: 'a', host: 'a.test' },
    { id: 'a #1', host: 'a.test', alpn: ['h2', 'x'] },
    { id: 'a #2', host: 'a.test', clients: ['10.0.0.0/8'] },
  ]);
  expect(ask(table, { serverName: 'a.test', protocols: ['http/1.1', 'x'] })).toBe('a #1');
  expect(ask(table, { serverName: 'a.test', client: '::ffff:10.1.2.3' })).toBe('a #2');
  expect(ask(table, { serverName: 'a.test' })).toBe('a');
});

it('what is no TLS goes to streams that do not look into it, and they get no TLS that has a stream', () => {
  const table = tableOf([
    { id: 'plain', tls: 'none', clients: ['192.0.2.0/24'] },
    { id: 'named', host: 'a.test', tls: 'terminate' },
  ]);
  expect([table.hasTls, table.findPlain('192.0.2.1')?.route.id, table.findPlain('10.0.0.1')]).toEqual([
    true,
    'plain',
    undefined,
  ]);
  expect(ask(table, { serverName: 'b.test' })).toBeUndefined();
  expect(tableOf([{ id: 'plain', tls: 'none' }]).hasTls).toBe(false);
});
