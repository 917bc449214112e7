/** The three forms in which dproxy's own pages exist. The values are the file endings of replacements. */
export type PageType = 'html' | 'json' | 'txt';

/** Without a preference of the client (curl's any type), text wins: it reads well in a terminal. */
const PREFERENCE: readonly PageType[] = ['txt', 'html', 'json'];

/** More media ranges than any real client sends; the rest of a longer list is not read. */
const MAX_RANGES = 32;
/** Likewise of the parameters of one range. */
const MAX_PARAMETERS = 8;

const QUALITY = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;

/** How exactly a media range names a type; a more exact one decides (RFC 9110 section 12.5.1). */
const NOT_NAMED = -1;
const ANY = 0;
const FAMILY = 1;
const EXACT = 2;

interface Wish {
  exactness: number;
  quality: number;
  position: number;
}

/** Chooses the form of a page by the client's `Accept`. Whatever is sent, some page is given: an error has to arrive. */
export function negotiate(accept: string): PageType {
  if (accept === '' || accept === '*/*') return 'txt';
  const wishes = readWishes(accept);
  let best: PageType = 'txt';
  let bestWish: Wish | undefined;
  for (const type of PREFERENCE) {
    const wish = wishes[type];
    if (wish.quality === 0 || (bestWish !== undefined && !isStronger(wish, bestWish))) continue;
    best = type;
    bestWish = wish;
  }
  return best;
}

function readWishes(accept: string): Record<PageType, Wish> {
  const wishes = { html: newWish(), json: newWish(), txt: newWish() };
  const ranges = accept.split(',', MAX_RANGES);
  for (const [position, text] of ranges.entries()) {
    const [name = '', ...parameters] = text.split(';', MAX_PARAMETERS).map((part) => part.trim().toLowerCase());
    const quality = readQuality(parameters);
    if (quality === undefined) continue;
    for (const type of PREFERENCE) {
      const exactness = exactnessOf(name, type);
      if (exactness > wishes[type].exactness) wishes[type] = { exactness, quality, position };
    }
  }
  return wishes;
}

function newWish(): Wish {
  return { exactness: NOT_NAMED, quality: 0, position: 0 };
}

/** @returns undefined for a malformed weight: its range is ignored, the others count. */
function readQuality(parameters: readonly string[]): number | undefined {
  const weight = parameters.find((parameter) => parameter.startsWith('q='));
  if (weight === undefined) return 1;
  return QUALITY.test(weight.slice(2)) ? Number(weight.slice(2)) : undefined;
}

function exactnessOf(range: string, type: PageType): number {
  if (range === '*/*') return ANY;
  switch (type) {
    case 'html':
      if (range === 'text/html') return EXACT;
      return range === 'text/*' ? FAMILY : NOT_NAMED;
    case 'txt':
      if (range === 'text/plain') return EXACT;
      return range === 'text/*' ? FAMILY : NOT_NAMED;
    case 'json':
      if (range === 'application/json') return EXACT;
      return range === 'application/*' || (range.startsWith('application/') && range.endsWith('+json'))
        ? FAMILY
        : NOT_NAMED;
    default:
      return type satisfies never;
  }
}

/** Equal weights: the more exact range, then the one named first (`application/json, text/plain, *\/*` means JSON). */
function isStronger(wish: Wish, other: Wish): boolean {
  if (wish.quality !== other.quality) return wish.quality > other.quality;
  if (wish.exactness !== other.exactness) return wish.exactness > other.exactness;
  return wish.exactness !== ANY && wish.position < other.position;
}
