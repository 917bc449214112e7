import { AriAndProfilesFront } from '@dproxy/testkit/acme';
import { afterAll, beforeAll } from 'vitest';
import { AuthorityUnderTest } from './authority.ts';

/** One Pebble for the whole file, with the front before it. @param use gets both */
export function startBehindFront(use: (subject: AuthorityUnderTest, front: AriAndProfilesFront) => void): void {
  let subject: AuthorityUnderTest;
  let front: AriAndProfilesFront;
  beforeAll(async () => {
    subject = await AuthorityUnderTest.start();
    front = await AriAndProfilesFront.start(subject.pebble);
    use(subject, front);
  });
  afterAll(async () => {
    await front[Symbol.asyncDispose]();
    await subject[Symbol.asyncDispose]();
  });
}
