import { describe, expect, it } from 'vitest';
import { containerOf } from '../_container-of.ts';
import { factsOf } from '../_facts-of.ts';
import { describeContainer } from '../describe-container.ts';

type Parts = NonNullable<Parameters<typeof containerOf>[0]>;

function described(parts: Parts, readiness = true) {
  return describeContainer(containerOf(parts), factsOf({ readiness }));
}

function definitionOf(parts: Parts, readiness = true) {
  return described(parts, readiness).definitions[0];
}

describe('a container is asked once whether it listens', () => {
  it('where nothing else checks it', () => {
    const container = containerOf();
    const definition = definitionOf({});
    expect(definition?.health).toBeUndefined();
    expect(definition?.readiness).toEqual([{ backendId: definition?.backends[0]?.id, startedMs: container.startedMs }]);
  });

  it.each<[string, Parts]>([
    ['dproxy.wake.readyAfter', { labelled: { 'dproxy.wake.readyAfter': '10s' } }],
    ['sablier.ready-after', { labelled: { 'sablier.enable': 'true', 'sablier.ready-after': '10s' } }],
  ])('not sooner than %s says', (_, parts) => {
    expect(definitionOf(parts)?.readiness).toMatchObject([{ afterMs: 10_000 }]);
  });

  it('not sooner over TCP either', () => {
    const labelled = { 'dproxy.db.tcp.listen': '5432', 'dproxy.wake.readyAfter': '10s' };
    expect(described({ labelled }).streams[0]?.readiness).toMatchObject([{ afterMs: 10_000 }]);
  });

  it.each<[string, Parts]>([
    ['with a HEALTHCHECK of Docker', { health: 'healthy' }],
    ['with the label dproxy.health=none', { labelled: { 'dproxy.health': 'none' } }],
    ['with the label dproxy.health.type=none', { labelled: { 'dproxy.health.type': 'none' } }],
    ['with a check of its own', { labelled: { 'dproxy.health': '/up' } }],
  ])('not %s', (_, parts) => {
    expect(definitionOf(parts)).not.toHaveProperty('readiness');
  });

  it('not for any service of a container with the label dproxy.health=none', () => {
    const { definitions } = described({
      labelled: { 'dproxy.health': 'none', 'dproxy.api.host': 'api.test' },
      variables: { VIRTUAL_HOST: 'old.test' },
    });
    expect(definitions.flatMap(({ hosts }) => hosts)).toEqual(expect.arrayContaining(['old.test', 'api.test']));
    expect(definitions.filter(({ readiness }) => readiness !== undefined)).toEqual([]);
  });

  it('for each service that does not say otherwise for itself', () => {
    const { definitions } = described({
      labelled: { 'dproxy.api.host': 'api.test', 'dproxy.api.health': 'none', 'dproxy.web.host': 'web.test' },
    });
    const asked = definitions.filter(({ readiness }) => readiness !== undefined).flatMap(({ hosts }) => hosts);
    expect(asked).toContain('web.test');
    expect(asked).not.toContain('api.test');
  });

  it('not where docker.readiness is false', () => {
    expect(definitionOf({}, false)).not.toHaveProperty('readiness');
  });

  it('over TCP alone', () => {
    const { streams } = described({
      labelled: {
        'dproxy.a.tcp.listen': '5000',
        'dproxy.a.port': '80',
        'dproxy.b.udp.listen': '5001',
        'dproxy.b.port': '81',
      },
    });
    expect(streams.map(({ protocol, readiness }) => [protocol, readiness !== undefined])).toEqual([
      ['tcp', true],
      ['udp', false],
    ]);
  });
});

describe('a container may want to be asked also when it is unhealthy', () => {
  it('with the label dproxy.health.panic, which adds no check', () => {
    const definition = definitionOf({ health: 'unhealthy', labelled: { 'dproxy.health.panic': 'true' } });
    expect(definition).toMatchObject({ panic: true });
    expect(definition).not.toHaveProperty('health');
    expect(definitionOf({})).toMatchObject({ panic: false });
  });

  it('with a check of its own, or none', () => {
    const both = definitionOf({ labelled: { 'dproxy.health.path': '/up', 'dproxy.health.panic': 'true' } });
    expect(both).toMatchObject({ panic: true, health: { path: '/up' } });
    const none = definitionOf({ labelled: { 'dproxy.health.type': 'none', 'dproxy.health.panic': 'true' } });
    expect(none).toMatchObject({ panic: true });
    expect(none).not.toHaveProperty('readiness');
  });
});
