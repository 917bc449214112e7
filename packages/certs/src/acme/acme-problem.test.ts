import { expect, test } from 'vitest';
import { readProblem } from './acme-problem.ts';

const SOURCE = { status: 403, retryAfter: undefined, nowMs: 0 };

function read(document: unknown) {
  return readProblem(document, SOURCE);
}

test('type, detail and page of a problem document', () => {
  const type = 'urn:ietf:params:acme:error:userActionRequired';
  expect(read({ type, detail: 'new terms', instance: 'https://ca.test/terms' })).toEqual({
    type: 'userActionRequired',
    detail: 'new terms',
    host: '',
    status: 403,
    retryAfterMs: 0,
    instance: 'https://ca.test/terms',
  });
});

test('a subproblem says more than what is around it', () => {
  const subproblems = [
    {
      type: 'urn:ietf:params:acme:error:rejectedIdentifier',
      detail: 'on the list',
      identifier: { type: 'dns', value: 'Bank.example' },
    },
  ];
  const type = 'urn:ietf:params:acme:error:malformed';
  expect(read({ type, detail: 'some names are refused', subproblems })).toMatchObject({
    type: 'rejectedIdentifier',
    detail: 'on the list',
    host: 'bank.example',
  });
});

test('text from outside cannot write lines or colours of its own into a log, or much of it', () => {
  const { detail } = read({ detail: `a\r\nlevel=error\u001B[31m\u2028b${'x'.repeat(10_000)}` });
  expect(detail).toMatch(/^a level=error \[31m bx+$/);
  expect(detail.length).toBeLessThanOrEqual(500);
});

test('a link that is none of the web is no link', () => {
  expect(read({ instance: 'javascript:alert(1)' }).instance).toBe('');
  expect(read({ instance: '/relative' }).instance).toBe('');
});

test('a page of a balancer is its status', () => {
  expect(readProblem('<html>', { ...SOURCE, status: 502 })).toMatchObject({ type: '', detail: 'HTTP status 502' });
});
