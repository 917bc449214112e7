import type { Example, Neighbour } from './example.ts';

const HEAD = `# What of your old proxy works

A host that runs one of these proxies stops its container, starts dproxy, and its sites answer: the labels and variables that are
there are read. This is the list of what those proxies' own documents show. Every line is a test: the example runs on a real Docker
engine, and a real request says what comes back ([tests/neighbours](../tests/neighbours)).

- **works**: as documented there
- **differs**: it answers, and something is not as there; the last column says what, and why
- **refused**: it is not served; \`/rejected\` and \`dproxy import --dry-run\` say so, with what to do instead

The whole language of each, label by label, is on its page. \`dproxy import --dry-run docker-compose.yml\` tells it for your own files
([import.md](import.md)).
`;

/** docs/compatibility.md. */
export function compatibilityPage(neighbours: readonly Neighbour[]): string {
  return [HEAD, ...neighbours.map(section)].join('\n');
}

function section({ name, page, examples }: Neighbour): string {
  const rows = examples.map((example) => row(example));
  return [
    `## ${name}`,
    '',
    `All of it: [${page}](${page}).`,
    '',
    '| example | documented in | | why |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function row({ what, source, verdict, note = '' }: Example): string {
  return `| ${[what, source, verdict, note].map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`;
}
