import { z } from 'zod';
import type { HeaderRules } from '@dproxy/core';
import { field, oneOrMore, readable, section, type Read } from './field.ts';

/** RFC 9110 section 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/;
/** RFC 9110 section 5.5: no control character but tab, or a value could begin a header of its own (response splitting). */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Framing and hop-by-hop fields are dproxy's own: a second opinion about them is request smuggling. */
const OWN_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const NAME = 'a header name, but none of connection, content-length, host, transfer-encoding and the like';

const name = () => readable(NAME, readName);
const value = () =>
  z
    .union([z.string().max(8_192), z.number()], { error: 'a text of at most 8192 characters, or a number' })
    .transform((raw) => String(raw).trim())
    .refine((raw) => VALUE.test(raw), { error: 'a text of one line in Latin-1' });

/** Names (made lower case) to values. */
export function headerMap() {
  return z
    .record(z.string(), value(), { error: 'a map of header names to values' })
    .transform((record, context): [string, string][] => {
      const pairs: [string, string][] = [];
      for (const [raw, text] of Object.entries(record)) {
        const read = readName(raw);
        if ('value' in read) pairs.push([read.value, text]);
        else context.addIssue({ code: 'custom', message: NAME, path: [raw], params: { problem: read.problem } });
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
    remove: field(oneOrMore(name(), NAME), { meaning: `Headers of the ${side} to remove`, default: 'none' }),
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
  if (!TOKEN.test(raw)) return { problem: 'not a header name' };
  const lower = raw.toLowerCase();
  // `Content_Length` becomes CONTENT_LENGTH in CGI and WSGI backends, like the real one.
  return OWN_FIELDS.has(lower.replaceAll('_', '-')) ? { problem: `${lower} belongs to dproxy` } : { value: lower };
}
