// A thread of its own: one bcrypt is 50 ms and more of work, in which nobody else would be served.
import { timingSafeEqual } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import type { PasswordHash } from '@dproxy/core';
import { compareSync } from 'bcryptjs';
import { md5Crypt } from './md5-crypt.ts';

export interface PasswordQuestion {
  readonly id: number;
  readonly password: string;
  readonly hash: Exclude<PasswordHash, { type: 'sha1' }>;
}

export interface PasswordAnswer {
  readonly id: number;
  readonly isRight: boolean;
}

parentPort?.on('message', ({ id, password, hash }: PasswordQuestion) => {
  const answer: PasswordAnswer = { id, isRight: isRight(password, hash) };
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(answer);
});

function isRight(password: string, hash: PasswordQuestion['hash']): boolean {
  if (hash.type === 'bcrypt') return compareSync(password, hash.text);
  const found = md5Crypt(Buffer.from(password), hash.salt, hash.magic);
  return timingSafeEqual(Buffer.from(found), Buffer.from(hash.digest));
}
