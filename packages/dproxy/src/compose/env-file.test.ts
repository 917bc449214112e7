import { expect, test } from 'vitest';
import { readEnvFile } from './env-file.ts';

test('lines of an env file', () => {
  const text = `
# comment
A=1
export B = two words # comment
C="quoted # \\"text\\"\\n$A"
D='$A as it is'
E=$A-\${F:-f}
OUTER
NOT_OUTER
G=
=nothing
`;
  expect([...readEnvFile(text, new Map([['OUTER', 'o']]))]).toEqual([
    ['A', '1'],
    ['B', 'two words'],
    ['C', 'quoted # "text"\n1'],
    ['D', '$A as it is'],
    ['E', '1-f'],
    ['OUTER', 'o'],
    ['G', ''],
  ]);
});

test('what is set outside fills in first', () => {
  expect(readEnvFile('A=file\nB=$A', new Map([['A', 'outside']])).get('B')).toBe('outside');
});
