import { DEFAULT_BALANCE } from '@dproxy/core';
import { describe, expect, it } from 'vitest';
import { readBalance } from './read-balance.ts';

const STICKY = { name: '', path: '/', domain: '', secure: false, httpOnly: true, sameSite: 'lax', maxAgeS: 0 };
const EJECTION = { failures: 5, windowMs: 10_000, ejectMs: 30_000, statuses: false };

it.each<[unknown, object]>([
  ['leastConnections', { strategy: 'leastConnections' }],
  [{}, {}],
  [{ strategy: 'hash' }, { strategy: 'hash' }],
  [
    { strategy: 'hash', hashBy: 'header:X-User' },
    { strategy: 'hash', hashBy: { type: 'header', name: 'x-user' } },
  ],
  [
    { strategy: 'hash', hashBy: 'cookie:Id' },
    { strategy: 'hash', hashBy: { type: 'cookie', name: 'Id' } },
  ],
  [
    { strategy: 'hash', hashBy: 'query:q' },
    { strategy: 'hash', hashBy: { type: 'query', name: 'q' } },
  ],
  [
    { strategy: 'hash', hashBy: 'path' },
    { strategy: 'hash', hashBy: { type: 'path' } },
  ],
  [{ sticky: true }, { sticky: STICKY }],
  [{ sticky: false, ejection: false }, {}],
  [
    { sticky: { name: 'srv', domain: '.Example.com', secure: true, sameSite: 'none', maxAge: '90s', httpOnly: false } },
    {
      sticky: {
        ...STICKY,
        name: 'srv',
        domain: 'example.com',
        secure: true,
        sameSite: 'none',
        maxAgeS: 90,
        httpOnly: false,
      },
    },
  ],
  [{ slowStart: '30s' }, { slowStartMs: 30_000 }],
  [{ ejection: true }, { ejection: EJECTION }],
  [
    { ejection: { failures: 1, window: '1m', time: 500, statuses: true } },
    { ejection: { failures: 1, windowMs: 60_000, ejectMs: 500, statuses: true } },
  ],
])('%j', (value, expected) => {
  expect(readBalance(value)).toEqual({ balance: { ...DEFAULT_BALANCE, ...expected } });
});

describe('what is refused', () => {
  it.each<[unknown, string]>([
    ['fastest', 'one of: roundRobin, leastConnections'],
    [{ strategy: 'hash', hashBy: 'header:' }, 'header:NAME'],
    [{ strategy: 'hash', hashBy: 'cookie:a b' }, 'cookie:NAME'],
    [{ strategy: 'hash', hashBy: 'client:x' }, 'client, host'],
    [{ hashBy: 'client' }, 'strategy: hash'],
    [{ sticky: { name: 'a;b' } }, 'the name of a cookie'],
    [{ sticky: { name: '__Host-a' } }, 'the name of a cookie'],
    [{ sticky: { path: '/;Domain=evil' } }, 'a path that starts with'],
    [{ sticky: { domain: '*.example.com' } }, 'a host name'],
    [{ sticky: { sameSite: 'none' } }, 'secure: true'],
    [{ ejection: {} }, 'whole number'],
    [{ ejection: { failures: 0 } }, 'whole number from 1'],
    [{ stick: true }, 'strategy, hashBy, sticky, ejection'],
  ])('%j', (value, expected) => {
    const result = readBalance(value);
    expect('problems' in result ? result.problems : result).toEqual([
      expect.objectContaining({ expected: expect.stringContaining(expected) as unknown }),
    ]);
  });
});
