import { describe, expect, it } from 'vitest';
import type { StoredCertificate } from '../ports.ts';
import { CertificateIndex } from './certificate-index.ts';
import { DAY_MS } from './fixtures/bench.ts';
import { planOrders } from './plan-orders.ts';
import { servedSet } from './served-set.ts';

const NOW = 1_000 * DAY_MS;

function stored(id: string, names: readonly string[], fromDay = -10, toDay = 80): StoredCertificate {
  const dates = { notBeforeMs: NOW + fromDay * DAY_MS, notAfterMs: NOW + toDay * DAY_MS };
  return { id, names, certificatePem: id, keyPem: id, authority: 'letsencrypt', ...dates };
}

function plan(
  names: readonly string[],
  certificates: readonly StoredCertificate[] = [],
  files: readonly string[] = [],
) {
  const input = { names, fileNames: new Set(files), certificates: new CertificateIndex(certificates), nowMs: NOW };
  return planOrders(input).map(({ key, current, renewedBy, waitsFor }) => [
    key,
    current?.id ?? '',
    renewedBy,
    waitsFor,
  ]);
}

function served(...certificates: StoredCertificate[]): Record<string, readonly string[]> {
  const { refs, material } = servedSet(new CertificateIndex(certificates), NOW);
  expect([...material.keys()].toSorted()).toEqual(refs.map(({ id }) => id));
  return Object.fromEntries(refs.map(({ id, names }) => [id, names]));
}

describe('the plan of orders', () => {
  it('gives each name its own certificate, and a wildcard its parent', () => {
    expect(plan(['b.example', '*.a.example', 'a.example']).map(([key]) => key)).toEqual([
      'b.example',
      '*.a.example,a.example',
    ]);
  });

  it('lets a name wait for the wildcard that will stand for it', () => {
    expect(plan(['*.a.example', 'x.a.example'])).toEqual([
      ['*.a.example', '', '', ''],
      ['x.a.example', '', '', '*.a.example'],
    ]);
  });

  it('leaves out what a file stands for, also the parent of a wildcard', () => {
    expect(plan(['a.example', '*.a.example', 'x.a.example'], [], ['a.example'])).toEqual([
      ['*.a.example', '', '', ''],
      ['x.a.example', '', '', '*.a.example'],
    ]);
    expect(plan(['x.a.example'], [], ['*.a.example'])).toEqual([]);
  });

  it('knows who renews what several names use', () => {
    const wild = stored('w', ['*.a.example']);
    expect(plan(['*.a.example', 'x.a.example'], [wild])).toEqual([
      ['*.a.example', 'w', '', ''],
      ['x.a.example', 'w', '*.a.example', ''],
    ]);
    // Nobody wants the wildcard itself any more.
    expect(plan(['x.a.example'], [wild])).toEqual([['x.a.example', 'w', '', '']]);
  });

  it('takes the newest of several, and none that has ended', () => {
    const old = stored('old', ['a.example'], -80, 10);
    const short = stored('short', ['a.example'], -1, 5);
    expect(plan(['a.example'], [old, short])).toEqual([['a.example', 'short', '', '']]);
    expect(plan(['a.example'], [stored('ended', ['a.example'], -90, -1)])).toEqual([['a.example', '', '', '']]);
  });
});

describe('what workers serve', () => {
  it('is the newest certificate for each name, and nothing twice', () => {
    expect(served(stored('a', ['x.example', 'y.example']), stored('b', ['x.example'], -5))).toEqual({
      a: ['y.example'],
      b: ['x.example'],
    });
  });

  it('leaves a name to a newer wildcard, and keeps it from an older one', () => {
    const wild = stored('w', ['*.example.com'], -5);
    expect(served(wild, stored('old', ['a.example.com'], -50, 10))).toEqual({ w: ['*.example.com'] });
    expect(served(wild, stored('new', ['a.example.com'], -1))).toEqual({
      w: ['*.example.com'],
      new: ['a.example.com'],
    });
  });

  it('keeps the old one until the new one has begun', () => {
    const old = stored('old', ['a.example'], -60, 30);
    expect(served(old, stored('new', ['a.example'], 1, 90))).toEqual({ old: ['a.example'] });
    expect(served(stored('new', ['a.example'], 1, 90))).toEqual({ new: ['a.example'] });
  });

  it('still has one that has just ended, but not for ever', () => {
    expect(served(stored('a', ['a.example'], -90, -1))).toEqual({ a: ['a.example'] });
    expect(served(stored('a', ['a.example'], -99, -9))).toEqual({});
  });
});
