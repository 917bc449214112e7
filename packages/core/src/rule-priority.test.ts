import { expect, it } from 'vitest';
import { rulePriority } from './rule-priority.ts';

it.each([
  ['app.example.com', '/', 'Host(`app.example.com`)'],
  ['app.example.com', '/api', 'Host(`app.example.com`) && PathPrefix(`/api`)'],
  ['*', '/', 'PathPrefix(`/`)'],
  ['*', '/api', 'PathPrefix(`/api`)'],
])('%s%s counts like %s', (host, path, rule) => {
  expect(rulePriority(host, path)).toBe(rule.length);
});
