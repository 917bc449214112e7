// The XML that Route 53 speaks: elements, attributes that nobody needs, text. No DTD, comments, CDATA or processing instructions
// after the first line: what has them is refused, which also refuses entity bombs (CVE-2003-1564).

export interface XmlElement {
  readonly name: string;
  readonly children: readonly XmlElement[];
  /** Only that of elements without children matters. */
  readonly text: string;
}

/** Not XML, or more of XML than is read here. */
export class MalformedXml extends Error {
  override readonly name = 'MalformedXml';
}

const MAX_DEPTH = 32;
const DECLARATION = /^\uFEFF?<\?xml[^?>]{0,200}\?>\s*/;
const TOKEN = /<(\/?)([A-Za-z][\w.:-]*)((?:\s+[\w.:-]+="[^"<&]*")*)\s*(\/?)>|([^<]+)/y;
const ENTITIES = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);

interface OpenElement {
  readonly name: string;
  readonly children: XmlElement[];
  text: string;
}

/** @throws MalformedXml */
export function parseXml(text: string): XmlElement {
  const top: OpenElement = { name: '', children: [], text: '' };
  const open = [top];
  TOKEN.lastIndex = DECLARATION.exec(text)?.[0].length ?? 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) throw new MalformedXml(`it is not understood at character ${at}`);
    readToken(match, open);
  }
  const root = top.children[0];
  if (open.length > 1 || root === undefined || top.children.length > 1)
    throw new MalformedXml('it has no single root element');
  if (top.text.trim() !== '') throw new MalformedXml('text stands outside of the root element');
  return root;
}

function readToken([, slash, name = '', attributes, selfClosing, text]: RegExpExecArray, open: OpenElement[]): void {
  const current = open.at(-1);
  if (current === undefined) throw new MalformedXml('an element is closed that was not opened');
  if (text !== undefined) {
    current.text += decodeText(text);
    return;
  }
  if (slash === '/') {
    const parent = open.at(-2);
    if (current.name !== name || parent === undefined || attributes !== '' || selfClosing === '/') {
      throw new MalformedXml(`</${name}> closes nothing`);
    }
    open.pop();
    parent.children.push(current);
    return;
  }
  const element: OpenElement = { name, children: [], text: '' };
  if (selfClosing === '/') {
    current.children.push(element);
    return;
  }
  if (open.length > MAX_DEPTH) throw new MalformedXml(`it is nested more than ${MAX_DEPTH} deep`);
  open.push(element);
}

function decodeText(text: string): string {
  return text.replaceAll(/&([^;&]{0,16});?/g, (whole, name: string) => {
    const known = ENTITIES.get(name);
    if (known !== undefined && whole.endsWith(';')) return known;
    const code = /^#(?:x([0-9A-Fa-f]{1,6})|(\d{1,7}))$/.exec(name);
    const point = code === null ? -1 : Number.parseInt(code[1] ?? code[2] ?? '', code[1] === undefined ? 10 : 16);
    if (point < 1 || point > 0x10_ff_ff || !whole.endsWith(';')) throw new MalformedXml('it has an unknown entity');
    return String.fromCodePoint(point);
  });
}

export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** All elements that a path of names leads to. */
export function elementsAt(root: XmlElement, ...path: readonly string[]): readonly XmlElement[] {
  return path.reduce<readonly XmlElement[]>(
    (found, name) => found.flatMap(({ children }) => children.filter((child) => child.name === name)),
    [root],
  );
}

/** Text of the first of them; empty: there is none. */
export function xmlText(root: XmlElement, ...path: readonly string[]): string {
  return elementsAt(root, ...path)[0]?.text.trim() ?? '';
}
