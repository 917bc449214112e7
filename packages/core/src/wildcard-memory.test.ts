import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleBackend, sampleRoute } from './_samples.ts';
import { WildcardMemory } from './wildcard-memory.ts';

const OUTER = { routeId: '*.test/', backendId: 'outer' };
const INNER = { routeId: '*.a.test/', backendId: 'inner' };

function memoryOf(...hosts: string[]): WildcardMemory {
  const memory = new WildcardMemory();
  for (const host of hosts) memory.remember(host, INNER.routeId, OUTER);
  return memory;
}

describe('wildcard memory', () => {
  it('recalls who answered for a host', () => {
    const memory = memoryOf('x.a.test');
    expect(memory.recall('x.a.test', INNER.routeId)).toBe(OUTER.routeId);
    expect(memory.recall('y.a.test', INNER.routeId)).toBeUndefined();
  });

  it('asks again when there is a more specific candidate than before', () => {
    expect(memoryOf('x.a.test').recall('x.a.test', '*.x.a.test/')).toBeUndefined();
  });

  it('forgets all hosts of a container that went away, and only those', () => {
    const memory = memoryOf('x.a.test', 'y.a.test');
    memory.remember('z.a.test', INNER.routeId, INNER);
    memory.forgetBackend('outer');
    expect(memory.recall('x.a.test', INNER.routeId)).toBeUndefined();
    expect(memory.recall('y.a.test', INNER.routeId)).toBeUndefined();
    expect(memory.recall('z.a.test', INNER.routeId)).toBe(INNER.routeId);
  });

  it('forgets a route', () => {
    const memory = memoryOf('x.a.test');
    memory.forgetRoute(INNER.routeId);
    expect(memory.size).toBe(1);
    memory.forgetRoute(OUTER.routeId);
    expect(memory.size).toBe(0);
  });

  it('belongs to the last one that answered', () => {
    const memory = memoryOf('x.a.test');
    memory.remember('x.a.test', INNER.routeId, INNER);
    memory.forgetBackend('outer');
    expect(memory.recall('x.a.test', INNER.routeId)).toBe(INNER.routeId);
  });

  it('drops what a new Snapshot has no ready container or no route for', () => {
    const ready = new Map([['outer', sampleBackend('outer')]]);
    const routes = new Map([[OUTER.routeId, sampleRoute('*.test')]]);
    const after = (backends: typeof ready, table: typeof routes): number => {
      const memory = memoryOf('x.a.test');
      memory.reconcile({ backends, routes: table });
      return memory.size;
    };
    expect(after(ready, routes)).toBe(1);
    expect(after(new Map(), routes)).toBe(0);
    for (const state of ['unhealthy', 'draining'] as const) {
      expect(after(new Map([['outer', sampleBackend('outer', { state })]]), routes)).toBe(0);
    }
    expect(after(ready, new Map())).toBe(0);
  });

  it('keeps a bounded number of hosts, however many are asked for', () => {
    const memory = new WildcardMemory(100);
    for (let index = 0; index < 1_000; index += 1) memory.remember(`h${index}.test`, OUTER.routeId, OUTER);
    expect(memory.size).toBe(100);
    expect(memory.recall('h999.test', OUTER.routeId)).toBe(OUTER.routeId);
    memory.forgetBackend('outer');
    expect(memory.size).toBe(0);
  });

  it('agrees with a plain list, whatever happens', () => {
    const name = fc.constantFrom('a', 'b', 'c', '__proto__');
    const step = fc.record({
      act: fc.constantFrom('remember', 'remember', 'backend', 'route'),
      host: name,
      routeId: name,
      backendId: name,
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const memory = new WildcardMemory();
        let model: { host: string; routeId: string; backendId: string }[] = [];
        for (const { act, host, routeId, backendId } of steps) {
          if (act === 'remember') {
            memory.remember(host, 'first', { routeId, backendId });
            model = [...model.filter((entry) => entry.host !== host), { host, routeId, backendId }];
          } else if (act === 'backend') {
            memory.forgetBackend(backendId);
            model = model.filter((entry) => entry.backendId !== backendId);
          } else {
            memory.forgetRoute(routeId);
            model = model.filter((entry) => entry.routeId !== routeId);
          }
          for (const host of ['a', 'b', 'c', '__proto__']) {
            expect(memory.recall(host, 'first')).toBe(model.find((entry) => entry.host === host)?.routeId);
          }
        }
      }),
    );
  });
});
