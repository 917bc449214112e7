// Transaction signatures (RFC 8945).
import { createHmac, timingSafeEqual } from 'node:crypto';
import { encodeName } from './name.ts';
import { CLASS, decodeMessage, encodeRecord, TYPE } from './message.ts';

export interface TsigKey {
  readonly name: string;
  readonly algorithm: TsigAlgorithm;
  readonly secret: Buffer;
}

/** HMAC-MD5 is not there: RFC 8945 section 6 takes it away. */
export const TSIG_ALGORITHMS = ['hmac-sha256', 'hmac-sha384', 'hmac-sha512', 'hmac-sha224', 'hmac-sha1'] as const;
export type TsigAlgorithm = (typeof TSIG_ALGORITHMS)[number];

/** The signature of an answer is not one of the key's owner. */
export class BadSignature extends Error {
  override readonly name = 'BadSignature';
}

/** Seconds that the clocks of both sides may differ (RFC 8945 section 10). */
const FUDGE_SECONDS = 300;
const ERRORS = new Map([
  [16, 'BADSIG'],
  [17, 'BADKEY'],
  [18, 'BADTIME'],
  [22, 'BADTRUNC'],
]);

/** Appends the signature. */
export function signMessage(message: Buffer, key: TsigKey, nowMs: number): { signed: Buffer; mac: Buffer } {
  const seconds = Math.floor(nowMs / 1_000);
  const mac = digest(key, [
    message,
    variables(key, { seconds, fudge: FUDGE_SECONDS, error: 0, other: Buffer.alloc(0) }),
  ]);
  const fixed = Buffer.alloc(10);
  fixed.writeUIntBE(seconds, 0, 6);
  fixed.writeUInt16BE(FUDGE_SECONDS, 6);
  fixed.writeUInt16BE(mac.length, 8);
  const end = Buffer.alloc(6);
  end.writeUInt16BE(message.readUInt16BE(0), 0);
  const data = Buffer.concat([encodeName(key.algorithm), fixed, mac, end]);
  const record = encodeRecord({ name: key.name, type: TYPE.tsig, class: CLASS.any, ttl: 0, data });
  const signed = Buffer.concat([message, record]);
  signed.writeUInt16BE(message.readUInt16BE(10) + 1, 10);
  return { signed, mac };
}

/**
 * Checks the signature of the answer to a request that was signed with `requestMac` (RFC 8945 section 5.3).
 * @returns what the server says about our signature: empty, `BADSIG`, `BADKEY`, `BADTIME`
 * @throws BadSignature, MalformedMessage
 */
export function verifyAnswer(answer: Buffer, requestMac: Buffer, key: TsigKey, nowMs: number): string {
  const { additionals, rcode } = decodeMessage(answer);
  const record = additionals.at(-1);
  if (record?.type !== TYPE.tsig) throw new BadSignature(`the answer ${rcode} is not signed`);
  const tsig = readTsig(record.data);
  // RFC 8945 section 5.3.2: what says that our key or our signature is bad cannot be signed.
  if (tsig.error === 'BADKEY' || tsig.error === 'BADSIG') return tsig.error;
  if (!encodeName(record.name).equals(encodeName(key.name)))
    throw new BadSignature('the answer is signed with another key');
  const unsigned = Buffer.from(answer.subarray(0, record.offset));
  unsigned.writeUInt16BE(unsigned.readUInt16BE(10) - 1, 10);
  unsigned.writeUInt16BE(tsig.originalId, 0);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(requestMac.length);
  const expected = digest(key, [length, requestMac, unsigned, variables(key, { ...tsig, error: tsig.errorNumber })]);
  if (tsig.mac.length !== expected.length || !timingSafeEqual(tsig.mac, expected)) {
    throw new BadSignature('the signature of the answer is wrong');
  }
  if (tsig.error === '' && Math.abs(Math.floor(nowMs / 1_000) - tsig.seconds) > tsig.fudge) {
    throw new BadSignature('the answer was signed at another time: compare the clocks of both machines');
  }
  return tsig.error;
}

function digest(key: TsigKey, parts: readonly Buffer[]): Buffer {
  const hmac = createHmac(key.algorithm.slice('hmac-'.length), key.secret);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

/** RFC 8945 section 4.3.3. */
function variables(
  key: TsigKey,
  said: { readonly seconds: number; readonly fudge: number; readonly error: number; readonly other: Buffer },
): Buffer {
  const klass = Buffer.alloc(6);
  klass.writeUInt16BE(CLASS.any, 0);
  const fixed = Buffer.alloc(12);
  fixed.writeUIntBE(said.seconds, 0, 6);
  fixed.writeUInt16BE(said.fudge, 6);
  fixed.writeUInt16BE(said.error, 8);
  fixed.writeUInt16BE(said.other.length, 10);
  return Buffer.concat([encodeName(key.name), klass, encodeName(key.algorithm), fixed, said.other]);
}

function readTsig(data: Buffer) {
  // The name of the algorithm is not compressed (RFC 8945 section 4.2).
  let at = 0;
  while ((data[at] ?? 0) !== 0) at += 1 + (data[at] ?? 0);
  at += 1;
  if (at + 16 > data.length) throw new BadSignature('the signature of the answer is cut off');
  const macEnd = at + 10 + data.readUInt16BE(at + 8);
  if (macEnd + 6 > data.length) throw new BadSignature('the signature of the answer is cut off');
  const errorNumber = data.readUInt16BE(macEnd + 2);
  return {
    seconds: data.readUIntBE(at, 6),
    fudge: data.readUInt16BE(at + 6),
    mac: data.subarray(at + 10, macEnd),
    originalId: data.readUInt16BE(macEnd),
    errorNumber,
    error: errorNumber === 0 ? '' : (ERRORS.get(errorNumber) ?? `error ${errorNumber}`),
    other: data.subarray(macEnd + 6, macEnd + 6 + data.readUInt16BE(macEnd + 4)),
  };
}
