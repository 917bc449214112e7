import { describe, expect, test } from 'vitest';
import { readRule } from './rule.ts';
import { RuleError } from './rule-error.ts';

const all = { path: '/', pathMatch: 'segments', condition: null };

describe('a rule becomes routes', () => {
  test.each<[rule: string, routes: unknown]>([
    ['Host(`Example.com`)', [{ ...all, hosts: ['example.com'] }]],
    ['Host("example.com")', [{ ...all, hosts: ['example.com'] }]],
    ['host(`a.com`) || HOST(`b.com`)', [{ ...all, hosts: ['a.com', 'b.com'] }]],
    ['Host(`a.com`, `b.com`)', [{ ...all, hosts: ['a.com', 'b.com'] }]],
    ['Host(`*`)', [{ ...all, hosts: ['*'] }]],
    ['Host(`*.a.com`)', [{ ...all, hosts: ['*.a.com'], condition: { type: 'host', host: '*.a.com' } }]],
    ['PathPrefix(`/`)', [{ ...all, hosts: ['*'] }]],
    [
      'Host(`a.com`) && PathPrefix(`/api/`)',
      [{ hosts: ['a.com'], path: '/api/', pathMatch: 'prefix', condition: null }],
    ],
    [
      'Host(`a.com`) && Path(`/products`)',
      [{ hosts: ['a.com'], path: '/products', pathMatch: 'exact', condition: null }],
    ],
    [
      'Host(`a.com`) && (Path(`/x`) || PathPrefix(`/y`))',
      [
        { hosts: ['a.com'], path: '/x', pathMatch: 'exact', condition: null },
        { hosts: ['a.com'], path: '/y', pathMatch: 'prefix', condition: null },
      ],
    ],
    [
      'Host(`a.com`) && PathPrefix(`/api`) && Path(`/api/v1`)',
      [
        {
          hosts: ['a.com'],
          path: '/api/v1',
          pathMatch: 'exact',
          condition: { type: 'path', kind: 'prefix', path: '/api' },
        },
      ],
    ],
    [
      'Host(`a.com`) && !PathPrefix(`/private`)',
      [
        {
          ...all,
          hosts: ['a.com'],
          condition: { type: 'none', of: [{ type: 'path', kind: 'prefix', path: '/private' }] },
        },
      ],
    ],
    [
      '!(Host(`a.com`) || Method(`post`))',
      [
        {
          ...all,
          hosts: ['*'],
          condition: {
            type: 'all',
            of: [
              { type: 'none', of: [{ type: 'host', host: 'a.com' }] },
              { type: 'none', of: [{ type: 'method', methods: ['POST'] }] },
            ],
          },
        },
      ],
    ],
    ['Host(`a.com`) || Host(`*`)', [{ ...all, hosts: ['a.com', '*'] }]],
    ['Host(`a.com`) && Host(`a.com`)', [{ ...all, hosts: ['a.com'] }]],
    ['Host(`a.com`) && Host(`*.com`)', [{ ...all, hosts: ['a.com'], condition: { type: 'host', host: '*.com' } }]],
    ['PathPrefix(`/foo bar`)', [{ hosts: ['*'], path: '/foo%20bar', pathMatch: 'prefix', condition: null }]],
    [
      'HostRegexp(`^.+\\.example\\.com$`)',
      [{ ...all, hosts: ['*'], condition: { type: 'hostPattern', pattern: '^.+\\.example\\.com$' } }],
    ],
    ['HostRegexp("^a\\\\.com$")', [{ ...all, hosts: ['*'], condition: { type: 'hostPattern', pattern: '^a\\.com$' } }]],
    [
      'PathRegexp(`\\.(jpeg|jpg|png)$`)',
      [{ ...all, hosts: ['*'], condition: { type: 'pathPattern', pattern: '\\.(jpeg|jpg|png)$' } }],
    ],
    [
      'Header(`Content-Type`, `application/yaml`)',
      [{ ...all, hosts: ['*'], condition: { type: 'header', name: 'content-type', value: 'application/yaml' } }],
    ],
    [
      'HeaderRegexp(`Content-Type`, `(?i)^application/(json|yaml)$`)',
      [
        {
          ...all,
          hosts: ['*'],
          condition: { type: 'headerPattern', name: 'content-type', pattern: '(?i)^application/(json|yaml)$' },
        },
      ],
    ],
    [
      'Query(`mobile`, `true`)',
      [{ ...all, hosts: ['*'], condition: { type: 'query', name: 'mobile', value: 'true' } }],
    ],
    ['Query(`mobile`)', [{ ...all, hosts: ['*'], condition: { type: 'query', name: 'mobile', value: '' } }]],
    [
      'QueryRegexp(`mobile`, `^.*$`)',
      [{ ...all, hosts: ['*'], condition: { type: 'queryPattern', name: 'mobile', pattern: '^.*$' } }],
    ],
    [
      'ClientIP(`192.168.1.0/24`)',
      [{ ...all, hosts: ['*'], condition: { type: 'client', ranges: ['192.168.1.0/24'] } }],
    ],
    ['ClientIP(`::1`)', [{ ...all, hosts: ['*'], condition: { type: 'client', ranges: ['::1'] } }]],
  ])('%s', (rule, routes) => {
    expect(readRule(rule).routes).toEqual(routes);
  });

  test('its length in bytes is the priority', () => {
    expect(readRule('HostRegexp(`[a-z]+\\.traefik\\.com`)').priority).toBe(34);
    expect(readRule('Host(`foobar.traefik.com`)').priority).toBe(26);
    expect(readRule('Path(`/ü`)').priority).toBe(11);
  });

  test('&& binds more strongly than ||, ! more than both', () => {
    const { routes } = readRule('Host(`a.com`) && Path(`/x`) || Host(`b.com`) && !Path(`/y`)');
    expect(routes).toEqual([
      { hosts: ['a.com'], path: '/x', pathMatch: 'exact', condition: null },
      { ...all, hosts: ['b.com'], condition: { type: 'none', of: [{ type: 'path', kind: 'exact', path: '/y' }] } },
    ]);
  });

  test('many hosts are one route, and many paths become a condition when they would be too many routes', () => {
    const hosts = Array.from({ length: 60 }, (_, index) => `Host(\`h${index}.com\`)`).join(' || ');
    expect(readRule(hosts).routes).toHaveLength(1);
    const paths = Array.from({ length: 100 }, (_, index) => `Path(\`/p${index}\`)`).join(' || ');
    const [only, ...more] = readRule(`Host(\`a.com\`) && (${paths})`).routes;
    expect(more).toEqual([]);
    expect(only).toMatchObject({ hosts: ['a.com'], path: '/', condition: { type: 'any' } });
  });
});

describe('a rule that cannot be used', () => {
  test.each<[rule: string, column: number, found: string, expected: RegExp]>([
    ['', 1, 'the end of the rule', /a matcher/],
    ['Host(`a.com`', 13, 'the end of the rule', /, or \)/],
    ['Host(`a.com)', 6, 'a text that begins with ` and never ends', /another `/],
    ["Host('a.com')", 6, "'", /backticks or double quotes/],
    ['Host(a.com)', 6, 'a.com', /in backticks/],
    ['Hots(`a.com`)', 1, 'Hots', /Host, probably/],
    ['Headers(`a`, `b`)', 1, 'Headers', /Header, probably/],
    ['Host(`a.com`) & Path(`/`)', 15, '&', /&&/],
    ['Host(`a.com`) Path(`/`)', 15, 'Path', /&&, \|\| or the end/],
    ['Host(`a.com`) &&', 17, 'the end of the rule', /a matcher/],
    ['Host(`a.com:80`)', 1, 'a.com:80', /without a port/],
    ['Host(``)', 6, '', /not empty/],
    ['Path(`x`)', 1, 'x', /begins with \//],
    ['PathPrefix(`/{id:[0-9]+}`)', 1, '/{id:[0-9]+}', /PathRegexp/],
    ['HostRegexp(`{sub:[a-z]+}.a.com`)', 1, '{sub:[a-z]+}.a.com', /Traefik 2/],
    ['HostRegexp(`[`)', 1, '[: ', /RE2/],
    ['ClientIP(`300.1.1.1`)', 1, '300.1.1.1', /addresses or networks/],
    ['Header(`a`)', 1, 'Header with 1 values', /Header\(`name`, `value`\)/],
    ['Host(`a.com`) && Host(`b.com`)', 1, 'a rule that no request can match', /exclude/],
    [`${'('.repeat(40)}Host(\`a.com\`)${')'.repeat(40)}`, 34, 'more than 32 levels', /fewer/],
  ])('%s', (rule, column, found, expected) => {
    let error: unknown;
    try {
      readRule(rule);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(RuleError);
    const problem = error as RuleError;
    expect(problem.column).toBe(column);
    expect(problem.found).toContain(found);
    expect(problem.expected).toMatch(expected);
  });

  test('a rule that is too long is not read', () => {
    expect(() => readRule(`Host(\`${'a'.repeat(9_000)}\`)`)).toThrow(/9008 characters/);
  });

  test('an oversized product of alternatives is refused, not computed', () => {
    const group = (n: number) => `(${Array.from({ length: 30 }, (_, i) => `Host(\`h${n}-${i}.com\`)`).join(' || ')})`;
    expect(() => readRule([1, 2, 3, 4].map(group).join(' && '))).toThrow(RuleError);
  });
});
