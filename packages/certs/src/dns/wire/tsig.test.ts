// The signatures themselves are checked by BIND in tests/acme/dns-rfc2136.test.ts; here: what must not pass.
import { expect, it } from 'vitest';
import { encodeHeader } from './message.ts';
import { BadSignature, signMessage, verifyAnswer, type TsigKey } from './tsig.ts';

const KEY: TsigKey = { name: 'acme', algorithm: 'hmac-sha256', secret: Buffer.from('a secret of both sides') };
const NOW_MS = Date.UTC(2026, 10, 21);
const ANSWER = encodeHeader(9, 0xa800, [0, 0, 0, 0]);

/** An answer without its request: what is signed then lacks the request's signature, so that it must not verify. */
const replayed = signMessage(ANSWER, KEY, NOW_MS);

it('an answer without a signature is refused', () => {
  expect(() => verifyAnswer(ANSWER, replayed.mac, KEY, NOW_MS)).toThrow(
    new BadSignature('the answer NOERROR is not signed'),
  );
});

it('an answer that was not made for this request is refused', () => {
  expect(() => verifyAnswer(replayed.signed, replayed.mac, KEY, NOW_MS)).toThrow(
    'the signature of the answer is wrong',
  );
});

it('an answer of another key is refused', () => {
  const other = signMessage(ANSWER, { ...KEY, name: 'other' }, NOW_MS);
  expect(() => verifyAnswer(other.signed, replayed.mac, KEY, NOW_MS)).toThrow('signed with another key');
});

it('a signature that is cut off is refused', () => {
  const record = replayed.signed.subarray(ANSWER.length);
  const dataAt = ANSWER.length + record.indexOf(Buffer.from('\u000Bhmac-sha256', 'latin1'));
  const cut = Buffer.from(replayed.signed.subarray(0, dataAt + 13));
  cut.writeUInt16BE(13, dataAt - 2);
  expect(() => verifyAnswer(cut, replayed.mac, KEY, NOW_MS)).toThrow('the signature of the answer is cut off');
});

it('signing counts the record that it adds', () => {
  expect(replayed.signed.readUInt16BE(10)).toBe(1);
  expect(replayed.signed.subarray(0, 10)).toEqual(ANSWER.subarray(0, 10));
});
