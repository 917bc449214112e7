import { describe, expect, it } from 'vitest';
import { elementsAt, escapeXml, MalformedXml, parseXml, xmlText } from './xml.ts';

it('reads elements, attributes that do not matter, and text', () => {
  const root = parseXml(
    '<?xml version="1.0" encoding="UTF-8"?>\n<a xmlns="urn:x">\n <b>1</b><b>2 &amp; &#x33;</b><c/><d x="1" /></a>\n',
  );
  expect(elementsAt(root, 'b').map(({ text }) => text)).toEqual(['1', '2 & 3']);
  expect(xmlText(root, 'b')).toBe('1');
  expect(xmlText(root, 'c')).toBe('');
  expect(xmlText(root, 'none', 'deeper')).toBe('');
});

it('reads back what it escapes', () => {
  const text = '"a" <b> & \'c\'';
  expect(parseXml(`<v>${escapeXml(text)}</v>`).text).toBe(text);
});

describe('refuses', () => {
  it.each([
    ['what is empty', ''],
    ['text alone', 'hello'],
    ['two roots', '<a/><b/>'],
    ['text behind the root', '<a/>x'],
    ['an element that is not closed', '<a><b></a>'],
    ['a closing tag alone', '</a>'],
    ['an unknown entity', '<a>&xxe;</a>'],
    ['an ampersand alone', '<a>a & b</a>'],
    ['a character that cannot be', '<a>&#x110000;</a>'],
    ['a document type, and with it entity bombs', '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'],
    ['a comment', '<a><!-- x --></a>'],
    ['more depth than anything has', '<a>'.repeat(40) + '</a>'.repeat(40)],
  ])('%s', (_, text) => {
    expect(() => parseXml(text)).toThrow(MalformedXml);
  });
});
