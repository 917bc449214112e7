import { describe, expect, it } from 'vitest';
import { withoutSecrets } from './redaction.ts';

const BCRYPT = `$2y$10$${'a'.repeat(53)}`;

describe('withoutSecrets', () => {
  it.each<[string, unknown, unknown]>([
    [
      'the hashes of users, not their names',
      { type: 'basicAuth', users: [['ann', 'anything']], realm: 'x' },
      { type: 'basicAuth', users: [['ann', '***']], realm: 'x' },
    ],
    ['a hash in a text', `ann:${BCRYPT}, bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=`, 'ann:***, bob:***'],
    ['an MD5 hash', '$apr1$abcdefgh$0123456789abcdefghijkl', '***'],
    [
      'the value that a filter gives a telling header',
      [
        { operation: 'set', name: 'authorization', value: 'Bearer x' },
        { operation: 'set', name: 'x-api-key', value: 'k' },
        { operation: 'remove', name: 'set-cookie', value: '' },
        { operation: 'set', name: 'x-a', value: 'b' },
      ],
      [
        { operation: 'set', name: 'authorization', value: '***' },
        { operation: 'set', name: 'x-api-key', value: '***' },
        { operation: 'remove', name: 'set-cookie', value: '' },
        { operation: 'set', name: 'x-a', value: 'b' },
      ],
    ],
    [
      'what a condition asks of a cookie or a telling header',
      {
        type: 'all',
        of: [
          { type: 'cookie', name: 'session', value: 's' },
          { type: 'headerPattern', name: 'x-token', pattern: '^t$' },
          { type: 'header', name: 'x-token', value: null },
        ],
      },
      {
        type: 'all',
        of: [
          { type: 'cookie', name: 'session', value: '***' },
          { type: 'headerPattern', name: 'x-token', pattern: '***' },
          { type: 'header', name: 'x-token', value: null },
        ],
      },
    ],
    [
      'user and password of the URL of a filter',
      { type: 'forwardAuth', url: 'http://ann:pw@auth.test/check?token=t&a=b' },
      { type: 'forwardAuth', url: 'http://***@auth.test/check?token=***&a=b' },
    ],
    ['a pair of a header', ['authorization', 'Basic x'], ['authorization', '***']],
  ])('hides %s', (_what, value, shown) => {
    expect(withoutSecrets(value)).toEqual(shown);
  });

  it('leaves what is no secret', () => {
    const value = { name: 'web', value: 'v', list: [1, null, 'a $5 bill', '{path}'], type: 'header' };
    expect(withoutSecrets(value)).toEqual(value);
  });
});
