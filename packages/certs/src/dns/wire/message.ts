// DNS messages (RFC 1035 section 4) as far as dns-01 needs them. Own code, because the packet libraries have neither the class
// NONE of updates (RFC 2136 section 2.5.4) nor TSIG, for which the bytes before the last record must be known.
import { decodeName, encodeName } from './name.ts';
import { MalformedMessage } from './malformed-message.ts';

export const TYPE = { a: 1, ns: 2, cname: 5, soa: 6, txt: 16, aaaa: 28, tsig: 250 } as const;
export const CLASS = { in: 1, none: 254, any: 255 } as const;
export const OPCODE = { query: 0, update: 5 } as const;

/** RFC 1035 section 4.1.1, RFC 2136 section 2.2. */
const RCODES = [
  'NOERROR',
  'FORMERR',
  'SERVFAIL',
  'NXDOMAIN',
  'NOTIMP',
  'REFUSED',
  'YXDOMAIN',
  'YXRRSET',
  'NXRRSET',
  'NOTAUTH',
  'NOTZONE',
] as const;

export interface Question {
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

export interface ResourceRecord extends Question {
  readonly ttl: number;
  readonly data: Buffer;
  /** Address of A, name of NS and CNAME, all strings of TXT in one; else empty. */
  readonly value: string;
  /** Where it begins in the message. */
  readonly offset: number;
}

export interface DnsMessage {
  readonly id: number;
  readonly isAnswer: boolean;
  readonly isAuthoritative: boolean;
  /** `NOERROR`, `REFUSED`, ... or `RCODE11`. */
  readonly rcode: string;
  readonly questions: readonly Question[];
  readonly answers: readonly ResourceRecord[];
  readonly authorities: readonly ResourceRecord[];
  readonly additionals: readonly ResourceRecord[];
}

export function encodeQuery(id: number, question: Question, isRecursive: boolean): Buffer {
  return Buffer.concat([encodeHeader(id, isRecursive ? 0x0100 : 0, [1, 0, 0, 0]), encodeQuestion(question)]);
}

export function encodeHeader(id: number, flags: number, counts: readonly number[]): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(flags, 2);
  counts.forEach((count, index) => header.writeUInt16BE(count, 4 + index * 2));
  return header;
}

export function encodeQuestion({ name, type, class: klass }: Question): Buffer {
  const fixed = Buffer.alloc(4);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(klass, 2);
  return Buffer.concat([encodeName(name), fixed]);
}

export function encodeRecord(record: Question & { readonly ttl: number; readonly data: Buffer }): Buffer {
  const fixed = Buffer.alloc(6);
  fixed.writeUInt32BE(record.ttl, 0);
  fixed.writeUInt16BE(record.data.length, 4);
  return Buffer.concat([encodeQuestion(record), fixed, record.data]);
}

/** One character string (RFC 1035 section 3.3.14). */
export function encodeText(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  if (bytes.length > 255) throw new RangeError(`a string of a TXT record has at most 255 bytes, not ${bytes.length}`);
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}

/** @throws MalformedMessage for whatever is not a whole, well-formed message */
export function decodeMessage(bytes: Buffer): DnsMessage {
  if (bytes.length < 12) throw new MalformedMessage('it is shorter than its header');
  const flags = bytes.readUInt16BE(2);
  let offset = 12;
  const questions = Array.from({ length: bytes.readUInt16BE(4) }, () => {
    const { name, next } = decodeName(bytes, offset);
    if (next + 4 > bytes.length) throw new MalformedMessage('a question is cut off');
    offset = next + 4;
    return { name, type: bytes.readUInt16BE(next), class: bytes.readUInt16BE(next + 2) };
  });
  // Counts are at most 65535 and every record takes 11 bytes, so that the end of the bytes ends these loops.
  const section = (at: number) =>
    Array.from({ length: bytes.readUInt16BE(at) }, () => {
      const { record, next } = decodeRecord(bytes, offset);
      offset = next;
      return record;
    });
  const rcode = flags & 0x0f;
  return {
    id: bytes.readUInt16BE(0),
    isAnswer: (flags & 0x8000) !== 0,
    isAuthoritative: (flags & 0x0400) !== 0,
    rcode: RCODES[rcode] ?? `RCODE${rcode}`,
    questions,
    answers: section(6),
    authorities: section(8),
    additionals: section(10),
  };
}

function decodeRecord(bytes: Buffer, offset: number): { record: ResourceRecord; next: number } {
  const { name, next } = decodeName(bytes, offset);
  if (next + 10 > bytes.length) throw new MalformedMessage('a record is cut off');
  const type = bytes.readUInt16BE(next);
  const start = next + 10;
  const end = start + bytes.readUInt16BE(next + 8);
  if (end > bytes.length) throw new MalformedMessage('the data of a record is cut off');
  const record = {
    name,
    type,
    class: bytes.readUInt16BE(next + 2),
    ttl: bytes.readUInt32BE(next + 4),
    data: bytes.subarray(start, end),
    value: decodeValue(bytes, type, start, end),
    offset,
  };
  return { record, next: end };
}

function decodeValue(bytes: Buffer, type: number, start: number, end: number): string {
  switch (type) {
    case TYPE.a:
      if (end - start !== 4) throw new MalformedMessage('an A record has not four bytes');
      return [...bytes.subarray(start, end)].join('.');
    case TYPE.aaaa: {
      if (end - start !== 16) throw new MalformedMessage('an AAAA record has not sixteen bytes');
      const words = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(start + index * 2).toString(16));
      return words.join(':');
    }
    case TYPE.ns:
    case TYPE.cname:
      return decodeName(bytes, start).name;
    case TYPE.txt:
      return decodeTexts(bytes, start, end);
    default:
      return '';
  }
}

function decodeTexts(bytes: Buffer, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end;) {
    const stop = at + 1 + (bytes[at] ?? 0);
    if (stop > end) throw new MalformedMessage('a string of a TXT record is cut off');
    text += bytes.toString('latin1', at + 1, stop);
    at = stop;
  }
  return text;
}
