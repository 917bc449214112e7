import { expect, test } from 'vitest';
import { isImageTag, qualifyImage } from './image-reference.ts';

test.each([
  ['nginx', 'docker.io/library/nginx'],
  ['docker.io/library/nginx', 'docker.io/library/nginx'],
  ['ghcr.io/some_org/a-b/c.d', 'ghcr.io/some_org/a-b/c.d'],
  ['registry.example.com:5000/app', 'registry.example.com:5000/app'],
])('%s is the image %s', (raw, image) => {
  expect(qualifyImage(raw)).toBe(image);
});

test.each([
  '',
  'nginx:latest',
  'nginx@sha256:00',
  'docker.io/library/nginx:1',
  `docker.io/library/nginx@sha256:${'a'.repeat(64)}`,
  'user/app',
  'localhost/app',
  'Docker.io/library/nginx',
  'docker.io/library/../nginx',
  'docker.io/../library/nginx',
  'docker.io/a..b',
  'docker.io//nginx',
  'docker.io/nginx/',
  'docker.io/nginx?x=1',
  'docker.io/nginx#x',
  'docker.io/ng%69nx',
  'https://docker.io/library/nginx',
  'me:secret@docker.io/library/nginx',
  'nginx\n',
  ' nginx',
  'ngınx',
  `docker.io/${'a'.repeat(250)}`,
])('%j is no image that can be asked for', (raw) => {
  expect(qualifyImage(raw)).toBeUndefined();
});

test.each(['latest', '1', '1.27-alpine', '_x', 'a'.repeat(128)])('%s is a tag', (tag) => {
  expect(isImageTag(tag)).toBe(true);
});

test.each(['', '..', 'a..b', '.a', '-a', 'sha256:00', 'a/b', 'a@b', 'a:b', 'a b', 'a\n', 'ä', '1?x', 'a'.repeat(129)])(
  '%j is no tag',
  (tag) => {
    expect(isImageTag(tag)).toBe(false);
  },
);
