import { describe, expect, it } from 'vitest';
import { readDocument } from './read-document.ts';

function refusal(text: string) {
  const document = readDocument(text);
  if (document.isReadable) throw new Error('it was read');
  const { position, message } = document;
  return { at: `${position.line}:${position.column}`, message };
}

function places(text: string, ...paths: (string | number)[][]): string[] {
  const document = readDocument(text);
  if (!document.isReadable) throw new Error(document.message);
  return paths.map((path) => {
    const { line, column } = document.locations.ofValue(path);
    return `${line}:${column}`;
  });
}

describe('readDocument', () => {
  it('knows where each value stands, in block and flow style, with quotes and aliases', () => {
    const text = 'a: 1\nb:\n  - x: &q one\n    y: *q\n  - "two"\nc: {d: [1, \'2\']}\n';
    expect(places(text, ['a'], ['b', 0], ['b', 0, 'x'], ['b', 0, 'y'], ['b', 1], ['c', 'd', 1])).toEqual([
      '1:4',
      '3:5',
      '3:11',
      '4:8',
      '5:5',
      '6:12',
    ]);
  });

  it('places an empty value at its key, and an empty item at its dash', () => {
    expect(places('a:\nb:\n  - 1 # - x\n\n  -\n', ['a'], ['b', 1])).toEqual(['1:1', '5:3']);
  });

  it('counts lines that end in CR LF and CR, and does not count a byte order mark', () => {
    expect(places('\uFEFFa: 1\r\nb: 2\rc: 3', ['a'], ['b'], ['c'])).toEqual(['1:4', '2:4', '3:4']);
  });

  it('answers for a path that does not exist with its nearest ancestor', () => {
    expect(places('a: {b: 1}', ['a', 'nope', 3])).toEqual(['1:4']);
  });

  it('says where a syntax error stands', () => {
    expect(refusal('a: [1, 2\nb: 3\n').at).toBe('2:1');
    expect(refusal('a: 1\n\tb: 2\n').at).toMatch(/^[12]:/);
    expect(refusal('a: "\\q"').at).toBe('1:6');
    expect(refusal('a: \0')).toBeDefined();
  });

  it('refuses a key that stands twice', () => {
    expect(refusal('a: 1\nb: 2\na: 3\n')).toEqual({ at: '3:1', message: 'duplicated mapping key' });
  });

  it('refuses tags, which could make other things than data', () => {
    expect(refusal('a: !!js/function "x"').message).toContain('unknown scalar tag');
    expect(refusal('a: !env HOME').message).toContain('unknown scalar tag');
  });

  it('refuses a second document', () => {
    expect(refusal('a: 1\n---\nb: 2\n')).toEqual({ at: '3:1', message: 'a second document (`---`)' });
  });

  it('refuses billion laughs by what they would grow to', () => {
    const lines = ['a0: &a0 [l, l, l, l, l, l, l, l, l]'];
    for (let level = 1; level < 9; level += 1) {
      const aliases = Array.from({ length: 9 }, () => `*a${level - 1}`).join(', ');
      lines.push(`a${level}: &a${level} [${aliases}]`);
    }
    expect(refusal(lines.join('\n')).message).toContain('once the aliases are followed');
  });

  it('refuses an alias in itself, too many aliases, too deep nesting and too much text', () => {
    expect(refusal('a: &x [*x]').message).toContain('contains itself');
    expect(refusal(`a: &x 1\nb: [${'*x,'.repeat(101)}]`).message).toContain('alias');
    expect(refusal(`a: ${'['.repeat(40)}`).message).toContain('maxDepth');
    expect(refusal(`a: ${'x'.repeat(1_048_576)}`).message).toContain('too big');
  });

  it('makes objects without a prototype, and sets keys aside that no object can hold safely', () => {
    const document = readDocument('constructor: 1\n__proto__: {polluted: true}\n? [1]\n: 2\n5: six\n');
    if (!document.isReadable) throw new Error(document.message);
    expect(Object.getPrototypeOf(document.value)).toBeNull();
    expect({ ...(document.value as object) }).toEqual({ constructor: 1, 5: 'six' });
    expect(document.flaws.map(({ message }) => message)).toEqual([
      'the key "__proto__"',
      'a key that is not a plain word',
    ]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('reads an empty document as nothing', () => {
    for (const text of ['', '\n', '# only a comment\n', '---\n', 'null']) {
      expect(readDocument(text)).toMatchObject({ isReadable: true, value: null });
    }
  });
});
