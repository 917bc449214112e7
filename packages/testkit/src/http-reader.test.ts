import { describe, expect, it } from 'vitest';
import { HttpReader } from './http-reader.ts';

function read(bytes: string, kind: 'request' | 'response', method = 'GET') {
  const reader = new HttpReader({ kind, method });
  let rest = '';
  // One byte at a time: nothing may depend on how the bytes are cut.
  for (const character of bytes) rest += reader.push(Buffer.from(character, 'latin1')).toString('latin1');
  return { reader, rest };
}

describe('HttpReader', () => {
  it('reads a body by its length and leaves what follows', () => {
    const { reader, rest } = read('POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET', 'request');
    expect(reader.body?.text).toBe('abc');
    expect(rest).toBe('GET');
  });

  it('reads a chunked body with its trailers', () => {
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
    const { reader } = read(`${head}3;a=b\r\nabc\r\n1\r\nd\r\n0\r\nX-Sum: 1\r\n\r\n`, 'response');
    expect(reader.body).toMatchObject({ text: 'abcd', length: 4, trailers: [['X-Sum', '1']], framing: 'chunked' });
  });

  it('reads a response to its end when it says no length', () => {
    const { reader } = read('HTTP/1.1 200 OK\r\n\r\nabc', 'response');
    expect(reader.body).toBeUndefined();
    reader.end();
    expect(reader.body?.text).toBe('abc');
  });

  it('expects no body after HEAD, 204 and 304', () => {
    expect(read('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n', 'response', 'HEAD').reader.body?.length).toBe(0);
    expect(read('HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n', 'response').reader.body?.length).toBe(0);
  });

  it.each([
    ['two framings', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n'],
    ['a space before the colon', 'HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\n'],
    ['a bare LF', 'HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n'],
    ['a long chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n'],
    ['an odd status line', 'HTTP/1.1 20 OK\r\n\r\n'],
  ])('refuses %s', (_what, bytes) => {
    expect(() => read(bytes, 'response')).toThrow();
  });

  it('refuses an end in the middle', () => {
    const { reader } = read('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc', 'response');
    expect(() => reader.end()).toThrow(/3 bytes of body/);
  });
});
