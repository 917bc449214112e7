// Written apart from the code under test, so that a mistake in one is not hidden by the same one in the other.

interface AnswerRecord {
  readonly name: string;
  readonly type: string;
  readonly value: string;
}

export interface AnswerSections {
  readonly rcode: number;
  readonly isAuthoritative: boolean;
  readonly answers: readonly AnswerRecord[];
  readonly authorities: readonly AnswerRecord[];
}

const NUMBERS = new Map([
  ['A', 1],
  ['NS', 2],
  ['CNAME', 5],
  ['SOA', 6],
  ['TXT', 16],
  ['AAAA', 28],
]);

export function readQuestion(query: Buffer): { name: string; type: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const number = query.readUInt16BE(at + 1);
  const type = [...NUMBERS].find(([, value]) => value === number)?.[0] ?? String(number);
  return { name: labels.join('.').toLowerCase(), type, end: at + 5 };
}

export function encodeAnswer(query: Buffer, sections: AnswerSections & { readonly isCut: boolean }): Buffer {
  const { end } = readQuestion(query);
  const { rcode, isAuthoritative, isCut } = sections;
  const answers = isCut ? [] : sections.answers;
  const authorities = isCut ? [] : sections.authorities;
  const head = Buffer.from(query.subarray(0, end));
  head.writeUInt16BE(0x8000 | (isAuthoritative ? 0x0400 : 0) | (isCut ? 0x0200 : 0) | rcode, 2);
  head.writeUInt16BE(answers.length, 6);
  head.writeUInt16BE(authorities.length, 8);
  head.writeUInt16BE(0, 10);
  return Buffer.concat([head, ...[...answers, ...authorities].map(encodeRecord)]);
}

function encodeRecord({ name, type, value }: AnswerRecord): Buffer {
  const data = encodeData(type, value);
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(NUMBERS.get(type) ?? 0, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(5, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([encodeName(name), fixed, data]);
}

function encodeData(type: string, value: string): Buffer {
  switch (type) {
    case 'A':
      return Buffer.from(value.split('.').map(Number));
    case 'TXT':
      return Buffer.concat([Buffer.from([value.length]), Buffer.from(value, 'latin1')]);
    case 'SOA':
      return Buffer.concat([encodeName(`ns.${value}`), encodeName(`admin.${value}`), Buffer.alloc(20, 1)]);
    default:
      return encodeName(value);
  }
}

function encodeName(name: string): Buffer {
  const labels = name
    .split('.')
    .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}
