import { z } from 'zod';
import type { BufferFilter, CompressFilter } from '@dproxy/core';
import { field, oneOrMore, readable, section, words, type Read } from '../field.ts';
import { size } from '../units.ts';
import { draftOf, type FilterDraft } from './filter-draft.ts';

const ENCODINGS = ['gzip', 'br', 'zstd', 'deflate'] as const;
const TYPE = 'a media type such as text/html';
const BUFFERED_BYTES = 1_048_576;

const DEFAULT_COMPRESS: CompressFilter = {
  type: 'compress',
  encodings: ['zstd', 'br', 'gzip'],
  minBytes: 1_024,
  includedTypes: [],
  excludedTypes: [],
};
const DEFAULT_BUFFER: BufferFilter = {
  type: 'buffer',
  maxRequestBytes: BUFFERED_BYTES,
  maxResponseBytes: BUFFERED_BYTES,
};

/** `compress` */
export function compress() {
  const types = () => oneOrMore(readable(TYPE, readType), TYPE);
  const encodings = () => oneOrMore(words(ENCODINGS), `one of: ${ENCODINGS.join(', ')}`);
  const detailed = section({
    encodings: field(encodings(), {
      meaning: 'What is offered, the preferred first: gzip, br, zstd, deflate',
      default: 'zstd, br, gzip',
    }),
    minSize: field(size(0), {
      meaning: 'Shorter answers stay as they are',
      default: '1KiB',
      zero: 'all are compressed',
    }),
    includedTypes: field(types(), {
      meaning: 'Media types that are compressed, no others',
      default: 'what compresses well',
    }),
    excludedTypes: field(types(), { meaning: 'Media types that are not', default: 'none' }),
  }).transform(({ encodings: list, minSize, includedTypes, excludedTypes }): FilterDraft =>
    draftOf({
      type: 'compress',
      encodings: [...new Set(list ?? DEFAULT_COMPRESS.encodings)],
      minBytes: minSize ?? DEFAULT_COMPRESS.minBytes,
      includedTypes: includedTypes ?? [],
      excludedTypes: excludedTypes ?? [],
    }),
  );
  const short = encodings().transform((list): FilterDraft =>
    draftOf({ ...DEFAULT_COMPRESS, encodings: [...new Set(list)] }),
  );
  return z.union([short, detailed], {
    error: `${ENCODINGS.join(', ')}, a list, or {encodings, minSize, includedTypes, excludedTypes}`,
  });
}

/** `buffer` */
export function buffer() {
  const limit = (side: string, status: number) =>
    field(size(0), {
      meaning: `The longest body of a ${side}; a longer one is answered with ${status}`,
      default: '1MiB',
      zero: 'no limit',
      danger: 'it is held in the memory of the worker',
    });
  return section({ maxRequest: limit('request', 413), maxResponse: limit('response', 502) }).transform(
    ({ maxRequest, maxResponse }): FilterDraft =>
      draftOf({
        type: 'buffer',
        maxRequestBytes: maxRequest ?? BUFFERED_BYTES,
        maxResponseBytes: maxResponse ?? BUFFERED_BYTES,
      }),
  );
}

/** Those that mean something without a word more: `- compress`. */
export function bareFilter() {
  return words(['compress', 'buffer']).transform((type): FilterDraft =>
    draftOf(type === 'compress' ? DEFAULT_COMPRESS : DEFAULT_BUFFER),
  );
}

function readType(raw: string): Read<string> {
  const type = raw.toLowerCase();
  return /^[a-z0-9!#$&^_.+-]{1,127}\/[a-z0-9!#$&^_.+*-]{1,127}$/.test(type)
    ? { value: type }
    : { problem: 'not a media type' };
}
