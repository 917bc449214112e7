import { Readable } from 'node:stream';
import type { PullProgress } from '@dproxy/core';
import { expect, test } from 'vitest';
import { makerTrouble } from './maker-trouble.ts';
import { readPull } from './pull-reader.ts';

async function read(...lines: readonly unknown[]): Promise<PullProgress | undefined> {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\r\n');
  let last: PullProgress | undefined;
  await readPull(Readable.from([Buffer.from(`${text}\r\n`)]), (progress) => (last = progress));
  return last;
}

test('layers and bytes are counted', async () => {
  const progress = await read(
    { status: 'Pulling from library/nginx', id: 'latest' },
    { status: 'Pulling fs layer', progressDetail: {}, id: 'aa' },
    { status: 'Already exists', progressDetail: {}, id: 'bb' },
    { status: 'Downloading', progressDetail: { current: 40, total: 100 }, id: 'aa' },
    { status: 'Downloading', progressDetail: { current: 5, total: 50 }, id: '__proto__' },
    { status: 'Extracting', progressDetail: { current: 10, total: 100 }, id: 'aa' },
    { status: 'Digest: sha256:00' },
  );
  expect(progress).toEqual({ layers: 3, finishedLayers: 1, bytes: 45, totalBytes: 150 });
  expect(
    await read(
      { status: 'Downloading', progressDetail: { current: 40, total: 100 }, id: 'aa' },
      { status: 'Pull complete', id: 'aa' },
    ),
  ).toEqual({ layers: 1, finishedLayers: 1, bytes: 100, totalBytes: 100 });
});

test('numbers that are none and layers without end do no harm', async () => {
  const many = Array.from({ length: 1_000 }, (_, index) => ({ status: 'Waiting', id: `l${index}` }));
  expect((await read(...many))?.layers).toBe(256);
  const odd = { current: -5, total: 1.5 };
  expect(await read({ status: 'Downloading', progressDetail: odd, id: 'a' })).toMatchObject({
    bytes: 0,
    totalBytes: 0,
  });
});

test.each([
  [{ error: 'manifest for docker.io/x:1 not found: manifest unknown' }, /no such image or tag/],
  [{ error: 'pull access denied for canary, repository does not exist' }, /no such image or tag/],
  [
    { error: 'Get "https://canary/v2/": dial tcp: lookup canary on 10.0.0.2:53: no such host' },
    /cannot reach the registry/,
  ],
  [{ error: 'write /var/lib/canary: no space left on device' }, /could not pull the image/],
  ['canary', /could not pull the image/],
  ['[]', /could not pull the image/],
  ['null', /could not pull the image/],
])('%j ends the pull, and the caller learns no more than he needs', async (line, message) => {
  const error = await read(line).then(
    () => undefined,
    (cause: unknown) => makerTrouble(cause, 'pull the image'),
  );
  expect(error?.problem).toBe('engine');
  expect(error?.message).toMatch(message);
  expect(error?.message).not.toMatch(/canary|10\.0/);
});

test.each([
  [Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 'unreachable', /cannot be reached/],
  [new DOMException('x', 'TimeoutError'), 'unreachable', /did not create a container in time/],
  [Object.assign(new Error('x'), { statusCode: 403 }), 'engine', /a proxy in front of the engine/],
  [Object.assign(new Error('canary'), { statusCode: 500 }), 'engine', /could not create a container/],
  [undefined, 'engine', /could not create a container/],
])('%s is %s', (cause, problem, message) => {
  const error = makerTrouble(cause, 'create a container');
  expect(error.problem).toBe(problem);
  expect(error.message).toMatch(message);
});
