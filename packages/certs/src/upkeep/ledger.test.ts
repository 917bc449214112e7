import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, LETS_ENCRYPT, OTHER } from './fixtures/bench.ts';
import { ManualClock } from './fixtures/manual-clock.ts';
import { MemoryStore } from './fixtures/memory-store.ts';
import { findRefusal, Ledger, type LedgerEntry, parseLedger, type Renewal } from './ledger.ts';
import { registeredDomain } from './registered-domain.ts';
import { StateDocument } from './state-document.ts';

const NOW = 1_000 * DAY_MS;

function entry(names: readonly string[], more: Partial<LedgerEntry> = {}): LedgerEntry {
  const base = { id: 'x', authority: 'letsencrypt', atMs: NOW - HOUR_MS, failedName: '' } as const;
  return { ...base, names, state: 'sent', renewal: 'no', ...more };
}

function times(count: number, make: (index: number) => LedgerEntry): LedgerEntry[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function refusal(entries: readonly LedgerEntry[], names: readonly string[], renewal: Renewal = 'no') {
  return findRefusal(entries, { authority: LETS_ENCRYPT, names, renewal }, NOW);
}

describe('the ledger', () => {
  it('counts orders of the account, but not renewals', () => {
    const entries = times(300, (index) => entry([`a.site${index}.example`], { atMs: NOW - 2 * HOUR_MS + index }));
    expect(refusal(entries.slice(1), ['new.example'])).toBeUndefined();
    expect(refusal(entries, ['new.example'])).toMatchObject({ refusedUntilMs: NOW + HOUR_MS });
    expect(refusal(entries, ['a.site1.example'], 'plain')).toBeUndefined();
    expect(findRefusal(entries, { authority: OTHER, names: ['new.example'], renewal: 'no' }, NOW)).toBeUndefined();
  });

  it('counts certificates below a registered domain by the Public Suffix List', () => {
    const entries = times(50, (index) => entry([`a${index}.example.co.uk`], { atMs: NOW - 6 * DAY_MS + index }));
    expect(refusal(entries, ['new.example.co.uk'])).toMatchObject({ refusedUntilMs: NOW + DAY_MS });
    expect(refusal(entries, ['new.other.co.uk'])).toBeUndefined();
    const failed = [...entries.slice(1), entry(['z.example.co.uk'], { state: 'failed' })];
    expect(refusal(failed, ['new.example.co.uk'])).toBeUndefined();
  });

  it('counts certificates for exactly the same names, in any order', () => {
    const entries = times(5, () => entry(['*.a.example', 'a.example']));
    expect(refusal(entries, ['a.example', '*.a.example'], 'plain')).toMatchObject({
      limit: expect.stringMatching(/the same names/),
    });
    expect(refusal(entries, ['a.example'])).toBeUndefined();
    expect(refusal(entries.slice(1), ['a.example', '*.a.example'])).toBeUndefined();
  });

  it('stops one before the limit of failures of a name', () => {
    const failed = times(4, () => entry(['a.example'], { state: 'failed', failedName: 'a.example', atMs: NOW - 1 }));
    expect(refusal(failed, ['a.example'], 'announced')).toMatchObject({ refusedUntilMs: NOW - 1 + HOUR_MS });
    expect(refusal(failed.slice(1), ['a.example'])).toBeUndefined();
    expect(refusal(failed, ['b.example'])).toBeUndefined();
  });

  it('lets announced renewals pass all limits of the authority, but not a loop', () => {
    const full = [
      ...times(300, (index) => entry([`b${index}.example.com`])),
      ...times(5, () => entry(['a.example.com'], { atMs: NOW - 3 * DAY_MS })),
    ];
    expect(refusal(full, ['a.example.com'], 'announced')).toBeUndefined();
    const loop = times(5, () => entry(['a.example.com'], { renewal: 'announced' }));
    expect(refusal(loop, ['a.example.com'], 'announced')).toMatchObject({ limit: expect.stringMatching(/in a day/) });
  });

  it('takes what it noted with a clock that was ahead as noted at this moment', () => {
    const entries = times(5, () => entry(['a.example'], { atMs: NOW + 9_999 * DAY_MS }));
    expect(refusal(entries, ['a.example'])).toMatchObject({ refusedUntilMs: NOW + 7 * DAY_MS });
  });

  it('writes an order down before it is sent, and what became of it', async () => {
    const store = new MemoryStore();
    const clock = new ManualClock();
    const ledger = new Ledger(new StateDocument({ store, scheduler: clock, name: 'l', parse: parseLedger }));
    const request = { authority: LETS_ENCRYPT, names: ['a.example'], renewal: 'no' } as const;
    const admission = await ledger.admit(request, clock.nowMs());
    expect(parseLedger(await store.readState('l'))).toMatchObject([{ names: ['a.example'], state: 'sent' }]);
    if (!('entryId' in admission)) throw new Error('it was refused');
    await ledger.fail(admission.entryId, 'a.example');
    expect(parseLedger(await store.readState('l'))).toMatchObject([{ state: 'failed', failedName: 'a.example' }]);
    clock.jump(8 * DAY_MS);
    await ledger.admit(request, clock.nowMs());
    expect(parseLedger(await store.readState('l'))).toHaveLength(1);
  });

  it('loses no entry when many write at once', async () => {
    const store = new MemoryStore();
    const clock = new ManualClock();
    const ledgers = times(4, () => entry([])).map(
      () => new Ledger(new StateDocument({ store, scheduler: clock, name: 'l', parse: parseLedger })),
    );
    const all = Promise.all(
      ledgers.flatMap((ledger, index) =>
        [0, 1, 2].map((turn) =>
          ledger.admit({ authority: OTHER, names: [`a${index}${turn}.example`], renewal: 'no' }, clock.nowMs()),
        ),
      ),
    );
    await clock.advance(10_000);
    await all;
    expect(parseLedger(await store.readState('l'))).toHaveLength(12);
  });

  it.each([undefined, null, 'x', 5, {}, [1], [{ id: 'x' }], [{ ...entry(['a']), atMs: 'soon' }]])(
    'begins anew with %j',
    (stored) => {
      expect(parseLedger(stored)).toEqual([]);
    },
  );
});

describe('a registered domain', () => {
  it.each([
    ['a.b.example.com', 'example.com'],
    ['*.example.co.uk', 'example.co.uk'],
    ['me.github.io', 'me.github.io'],
    ['x.me.github.io', 'me.github.io'],
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '20010db800010002::/64'],
    ['2001:db8:1:2::9', '20010db800010002::/64'],
    ['com', 'com'],
  ])('of %s is %s', (name, domain) => {
    expect(registeredDomain(name)).toBe(domain);
  });
});
