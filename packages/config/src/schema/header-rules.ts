import { z } from 'zod';
import { canonicalFieldName, isFieldValue, isOwnField, type HeaderRules } from '@dproxy/core';
import { field, oneOrMore, readable, section, type Read } from './field.ts';

export const HEADER_NAME =
  'a header name, but none of connection, content-length, host, transfer-encoding and the like';

/** One that a file may say something about, in lower case. */
export function headerName() {
  return readable(HEADER_NAME, readName);
}

const value = () =>
  z
    .union([z.string().max(8_192), z.number()], { error: 'a text of at most 8192 characters, or a number' })
    .transform((raw) => String(raw).trim())
    .refine(isFieldValue, { error: 'a text of one line in Latin-1' });

/** Names (made lower case) to values. */
export function headerMap() {
  return z
    .record(z.string(), value(), { error: 'a map of header names to values' })
    .transform((record, context): [string, string][] => {
      const pairs: [string, string][] = [];
      for (const [raw, text] of Object.entries(record)) {
        const read = readName(raw);
        if ('value' in read) pairs.push([read.value, text]);
        else context.addIssue({ code: 'custom', message: HEADER_NAME, path: [raw], params: { problem: read.problem } });
      }
      return pairs;
    });
}

const changes = (side: string) =>
  section({
    set: field(headerMap(), {
      meaning: `Headers of the ${side} to set; a header that was there is replaced`,
      default: 'none',
    }),
    remove: field(oneOrMore(headerName(), HEADER_NAME), {
      meaning: `Headers of the ${side} to remove`,
      default: 'none',
    }),
  });

/** `headers` of a route. */
export function headerRules() {
  return section({
    request: field(changes('request'), {
      meaning: 'Changes to what goes to the backend, after the headers that dproxy adds itself',
      default: 'none',
      danger: 'a backend that trusts x-real-ip or x-forwarded-for believes what is set here',
    }),
    response: field(changes('response'), { meaning: 'Changes to what goes to the client', default: 'none' }),
  }).transform(({ request, response }): HeaderRules => ({
    requestSet: request?.set ?? [],
    requestRemove: request?.remove ?? [],
    responseSet: response?.set ?? [],
    responseRemove: response?.remove ?? [],
  }));
}

function readName(raw: string): Read<string> {
  const name = canonicalFieldName(raw);
  if (name === undefined) return { problem: 'not a header name' };
  return isOwnField(name) ? { problem: `${name} belongs to dproxy` } : { value: name };
}
