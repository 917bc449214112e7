import { describe, expect, it } from 'vitest';
import { sampleFacts } from './_samples.ts';
import { compileCondition, ConditionError, conditionTest } from './compile-condition.ts';
import type { Condition } from './condition.ts';
import { MAX_PATTERN_INPUT } from './pattern.ts';

const holds = (condition: Condition, request: Parameters<typeof sampleFacts>[0]): boolean =>
  compileCondition(condition)(sampleFacts(request));

function refusal(condition: Condition): ConditionError {
  try {
    compileCondition(condition);
  } catch (error) {
    if (error instanceof ConditionError) return error;
  }
  throw new Error('it was not refused');
}

describe('one condition', () => {
  it.each<[Condition, Parameters<typeof sampleFacts>[0], boolean]>([
    [{ type: 'host', host: 'a.example' }, { host: 'a.example' }, true],
    [{ type: 'host', host: 'a.example' }, { host: 'b.example' }, false],
    [{ type: 'host', host: '*.example' }, { host: 'a.example' }, true],
    [{ type: 'host', host: '*.example' }, { host: 'b.a.example' }, false],
    [{ type: 'host', host: '*.example' }, { host: 'example' }, false],
    [{ type: 'host', host: '*.a.b' }, { host: 'xa.b' }, false],
    [{ type: 'host', host: '*' }, { host: 'anything' }, true],
    [{ type: 'hostPattern', pattern: '^[a-z]+\\.example$' }, { host: 'a.example' }, true],
    [{ type: 'hostPattern', pattern: '^[a-z]+\\.example$' }, { host: 'a.examples' }, false],
    [{ type: 'path', kind: 'exact', path: '/api' }, { path: '/api' }, true],
    [{ type: 'path', kind: 'exact', path: '/api' }, { path: '/api/' }, false],
    [{ type: 'path', kind: 'prefix', path: '/api' }, { path: '/apis' }, true],
    [{ type: 'path', kind: 'prefix', path: '/api/' }, { path: '/api' }, false],
    [{ type: 'pathPattern', pattern: '\\.jpe?g$' }, { path: '/a.jpg' }, true],
    [{ type: 'pathPattern', pattern: '\\.jpe?g$' }, { path: '/a.jpg/b' }, false],
    [{ type: 'method', methods: ['GET', 'HEAD'] }, { method: 'HEAD' }, true],
    [{ type: 'method', methods: ['GET', 'HEAD'] }, { method: 'POST' }, false],
    [{ type: 'header', name: 'x-a', value: 'b' }, { headers: 'x-a: a\r\nX-A:  b \r\n' }, true],
    [{ type: 'header', name: 'x-a', value: 'b' }, { headers: 'x-a: bb\r\n' }, false],
    [{ type: 'header', name: 'x-a', value: null }, { headers: 'X-a:\r\n' }, true],
    [{ type: 'header', name: 'x-a', value: null }, { headers: 'x-ab: 1\r\n' }, false],
    [{ type: 'header', name: 'x-a', value: 'é' }, { headers: `x-a: ${Buffer.from('é').toString('latin1')}\r\n` }, true],
    [{ type: 'header', name: '__proto__', value: null }, {}, false],
    [
      { type: 'headerPattern', name: 'user-agent', pattern: '(?i)mobile' },
      { headers: 'user-agent: X Mobile\r\n' },
      true,
    ],
    [{ type: 'headerPattern', name: 'user-agent', pattern: '' }, {}, false],
    [{ type: 'cookie', name: 'b', value: '2' }, { headers: 'cookie: a=1; b=2\r\n' }, true],
    [{ type: 'cookie', name: 'b', value: '2' }, { headers: 'cookie: a=1\r\ncookie: b=2\r\n' }, true],
    [{ type: 'cookie', name: 'B', value: null }, { headers: 'cookie: b=2\r\n' }, false],
    [{ type: 'cookie', name: 'b', value: 'x=y' }, { headers: 'cookie: b=x=y\r\n' }, true],
    [{ type: 'query', name: 'a b', value: 'ü' }, { query: 'x=1&a+b=%C3%BC' }, true],
    [{ type: 'query', name: 'a', value: '2' }, { query: 'a=1&a=2' }, true],
    [{ type: 'query', name: 'a', value: '' }, { query: 'a' }, true],
    [{ type: 'query', name: 'a', value: null }, { query: '%61=' }, true],
    [{ type: 'query', name: 'a', value: '%' }, { query: 'a=%' }, true],
    [{ type: 'query', name: 'a', value: null }, { query: '' }, false],
    [{ type: 'queryPattern', name: 'v', pattern: '^[0-9]+$' }, { query: 'v=x&v=12' }, true],
    [{ type: 'client', ranges: ['10.0.0.0/8', '::1'] }, { client: '10.1.2.3' }, true],
    [{ type: 'client', ranges: ['10.0.0.0/8'] }, { client: '::ffff:10.1.2.3' }, true],
    [{ type: 'client', ranges: ['10.0.0.0/8'] }, { client: '192.0.2.1' }, false],
    [{ type: 'encrypted', is: true }, { isEncrypted: true }, true],
    [{ type: 'encrypted', is: false }, { isEncrypted: true }, false],
  ])('%j of %j is %s', (condition, request, expected) => {
    expect(holds(condition, request)).toBe(expected);
  });
});

describe('several conditions', () => {
  const get: Condition = { type: 'method', methods: ['GET'] };
  const api: Condition = { type: 'path', kind: 'prefix', path: '/api' };

  it.each<[Condition['type'], readonly [both: boolean, one: boolean, neither: boolean, empty: boolean]]>([
    ['all', [true, false, false, true]],
    ['any', [true, true, false, false]],
    ['none', [false, false, true, true]],
  ])('%s of them', (type, expected) => {
    const condition = { type, of: [get, api] } as Condition;
    expect([
      holds(condition, { method: 'GET', path: '/api' }),
      holds(condition, { method: 'GET', path: '/' }),
      holds(condition, { method: 'PUT', path: '/' }),
      holds({ type, of: [] } as Condition, {}),
    ]).toEqual(expected);
  });

  it('inside each other', () => {
    const condition: Condition = { type: 'all', of: [get, { type: 'none', of: [{ type: 'any', of: [api] }] }] };
    expect(holds(condition, { method: 'GET', path: '/x' })).toBe(true);
    expect(holds(condition, { method: 'GET', path: '/api/x' })).toBe(false);
  });

  it('together cost what one may, so many patterns see shorter texts', () => {
    const patterns = (count: number): Condition => ({
      type: 'all',
      of: Array.from({ length: count }, () => ({ type: 'pathPattern', pattern: '^/(?:a|b)*[ab]{20}$' }) as const),
    });
    const path = `/${'a'.repeat(4_000)}`;
    expect([holds(patterns(1), { path }), holds(patterns(199), { path })]).toEqual([true, false]);
    expect(holds(patterns(199), { path: path.slice(0, 100) })).toBe(true);
  });

  it('a text that is too long for a pattern fulfils neither the pattern nor its opposite', () => {
    const bot: Condition = { type: 'headerPattern', name: 'user-agent', pattern: 'bot' };
    const headers = `user-agent: ${'x'.repeat(MAX_PATTERN_INPUT)}bot\r\n`;
    expect(holds(bot, { headers })).toBe(false);
    expect(holds({ type: 'none', of: [bot] }, { headers })).toBe(false);
    expect(holds({ type: 'none', of: [{ type: 'none', of: [bot] }] }, { headers })).toBe(false);
    expect(holds({ type: 'none', of: [bot] }, { headers: 'user-agent: x\r\n' })).toBe(true);
  });
});

describe('what is refused', () => {
  it('a pattern that is none, with the place', () => {
    expect(refusal({ type: 'any', of: [{ type: 'pathPattern', pattern: '(a' }] })).toMatchObject({
      message: 'pathPattern "(a": missing closing ): `(a`',
      expected: 'a regular expression in the syntax of RE2',
    });
  });

  it('a range that is none', () => {
    expect(refusal({ type: 'client', ranges: ['10.0.0.0/99'] }).message).toBe(
      'client: found "10.0.0.0/99", expected an IP address or a range such as 192.0.2.0/24',
    );
  });

  it('more than 200 parts', () => {
    const part: Condition = { type: 'encrypted', is: true };
    const of = (count: number): Condition => ({ type: 'any', of: Array.from({ length: count }, () => part) });
    expect(refusal(of(200)).message).toBe('it has more than 200 parts');
    expect(refusal({ type: 'all', of: [of(100), of(100)] }).expected).toBe('at most 200 parts');
    expect(compileCondition(of(199))(sampleFacts({ isEncrypted: true }))).toBe(true);
  });

  it('a tree that is too deep to be walked', () => {
    let deep: Condition = { type: 'encrypted', is: true };
    for (let depth = 0; depth < 100_000; depth += 1) deep = { type: 'none', of: [deep] };
    expect(refusal(deep).message).toBe('it is nested more than 32 deep');
  });
});

it('a refused condition of a route in the table never holds', () => {
  expect(conditionTest({ type: 'hostPattern', pattern: '(' })(sampleFacts({}))).toBe(false);
});

it('a condition is compiled once', () => {
  const condition: Condition = { type: 'encrypted', is: true };
  expect(conditionTest(condition)).toBe(conditionTest(condition));
});
