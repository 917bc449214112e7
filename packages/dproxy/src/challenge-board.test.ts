import type { ChallengeAnswer } from '@dproxy/certs';
import type { CertificateMaterial, Challenge } from '@dproxy/core';
import { expect, test } from 'vitest';
import { ChallengeBoard } from './challenge-board.ts';

const http: ChallengeAnswer = { type: 'http-01', host: 'a.test', token: 'tok', keyAuthorization: 'tok.print' };
const material: CertificateMaterial = { id: 'c1', certificatePem: 'CERT', keyPem: 'KEY' };
const alpn: ChallengeAnswer = { type: 'tls-alpn-01', host: 'a.test', material };
const { signal } = new AbortController();

function board(acknowledged: (version: number) => Promise<boolean>) {
  const shown: { challenges: readonly Challenge[]; material: readonly string[] }[] = [];
  const made = new ChallengeBoard({
    ready: Promise.resolve(),
    show: (challenges, keys) => shown.push({ challenges, material: [...keys.keys()] }),
    acknowledged,
  });
  return { board: made, shown };
}

test('an answer counts when every worker has the table that it is in', async () => {
  const asked = Promise.withResolvers<number>();
  const answer = Promise.withResolvers<boolean>();
  const { board: made, shown } = board((version) => {
    asked.resolve(version);
    return answer.promise;
  });
  let isPresented = false;
  const presented = made.present(http, signal).then(() => (isPresented = true));
  expect(await asked.promise).toBe(1);
  expect(shown[0]?.challenges).toEqual([
    { id: 'http-01:tok', type: 'http-01', host: 'a.test', token: 'tok', keyAuthorization: 'tok.print' },
  ]);
  expect(isPresented).toBe(false);
  answer.resolve(true);
  await presented;
});

test('what is withdrawn is gone, with its key, and nothing else', async () => {
  const { board: made, shown } = board(() => Promise.resolve(true));
  await made.present(http, signal);
  await made.present(alpn, signal);
  expect(shown.at(-1)).toMatchObject({ challenges: [{ type: 'http-01' }, { certificateId: 'c1' }], material: ['c1'] });
  await made.withdraw(alpn);
  expect(shown.at(-1)).toMatchObject({ challenges: [{ type: 'http-01' }], material: [] });
  await made.withdraw(alpn);
  expect(shown).toHaveLength(3);
});

test('workers that do not follow end the attempt before the authority is asked', async () => {
  const { board: made } = board(() => Promise.resolve(false));
  await expect(made.present(http, signal)).rejects.toThrow('not every worker has the answer');
});

test('an attempt that was given up while workers were asked does not go on', async () => {
  const { board: made } = board(() => Promise.resolve(true));
  await expect(made.present(http, AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
});
