import { describe, expect, it } from 'vitest';
import { MalformedMessage } from './malformed-message.ts';
import {
  CLASS,
  decodeMessage,
  encodeHeader,
  encodeQuery,
  encodeQuestion,
  encodeRecord,
  encodeText,
  TYPE,
} from './message.ts';

const name = (...labels: string[]) =>
  Buffer.concat([
    ...labels.map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label, 'latin1')])),
    Buffer.of(0),
  ]);

/** An answer with one record whose data are these bytes. */
function answerWith(type: number, data: Buffer): Buffer {
  return Buffer.concat([
    encodeHeader(7, 0x8400, [1, 1, 0, 0]),
    encodeQuestion({ name: 'a.test', type, class: CLASS.in }),
    encodeRecord({ name: 'a.test', type, class: CLASS.in, ttl: 5, data }),
  ]);
}

it('writes a query as RFC 1035 section 4.1 draws it', () => {
  const bytes = encodeQuery(0x1234, { name: '_acme-challenge.Example.test.', type: TYPE.txt, class: CLASS.in }, true);
  const head = Buffer.from('123401000001000000000000', 'hex');
  const fixed = Buffer.from('00100001', 'hex');
  expect(bytes).toEqual(Buffer.concat([head, name('_acme-challenge', 'example', 'test'), fixed]));
});

describe('reads', () => {
  it('addresses, names and the strings of a TXT record', () => {
    const valueOf = (type: number, data: Buffer) => decodeMessage(answerWith(type, data)).answers[0]?.value;
    expect(valueOf(TYPE.a, Buffer.of(192, 0, 2, 1))).toBe('192.0.2.1');
    expect(valueOf(TYPE.aaaa, Buffer.from('20010db8000000000000000000000001', 'hex'))).toBe('2001:db8:0:0:0:0:0:1');
    expect(valueOf(TYPE.ns, name('NS1', 'a', 'test'))).toBe('ns1.a.test');
    expect(valueOf(TYPE.txt, Buffer.concat([encodeText('one'), encodeText(''), encodeText('two')]))).toBe('onetwo');
  });

  it('names that point back, and where a record begins', () => {
    const head = encodeHeader(7, 0x8400, [1, 1, 0, 0]);
    const question = encodeQuestion({ name: 'a.test', type: TYPE.cname, class: CLASS.in });
    const record = Buffer.from('c00c000500010000000500040178c00c', 'hex');
    const { answers } = decodeMessage(Buffer.concat([head, question, record]));
    expect(answers[0]).toMatchObject({ name: 'a.test', value: 'x.a.test', offset: head.length + question.length });
  });

  it('bytes that no host name has as numbers, so that a dot in a label separates nothing', () => {
    const [answer] = decodeMessage(answerWith(TYPE.ns, name('a.b\u0000', 'test'))).answers;
    expect(answer?.value).toBe('a\\046b\\000.test');
  });
});

describe('refuses', () => {
  it.each([
    ['what is shorter than a header', Buffer.alloc(11)],
    ['a count without records', encodeHeader(1, 0x8000, [0, 65_535, 0, 0])],
    [
      'a name that points at itself',
      Buffer.concat([encodeHeader(1, 0x8000, [1, 0, 0, 0]), Buffer.from('c00c00010001', 'hex')]),
    ],
    [
      'a name that points forwards',
      Buffer.concat([encodeHeader(1, 0x8000, [1, 0, 0, 0]), Buffer.from('c01000010001', 'hex')]),
    ],
    [
      'a label of a form that does not exist',
      Buffer.concat([encodeHeader(1, 0x8000, [1, 0, 0, 0]), Buffer.from('8061000001', 'hex')]),
    ],
    ['an address of three bytes', answerWith(TYPE.a, Buffer.of(1, 2, 3))],
    ['a TXT string that ends behind its record', answerWith(TYPE.txt, Buffer.of(9, 65))],
    ['a message that was cut', answerWith(TYPE.a, Buffer.of(1, 2, 3, 4)).subarray(0, -1)],
  ])('%s', (_, bytes) => {
    expect(() => decodeMessage(bytes)).toThrow(MalformedMessage);
  });
});
