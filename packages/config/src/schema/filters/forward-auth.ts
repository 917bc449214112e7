import { isIP } from 'node:net';
import { z } from 'zod';
import { refusedAddress, type ForwardAuthFilter } from '@dproxy/core';
import { field, flag, oneOrMore, readable, required, section, text, type Read } from '../field.ts';
import { HEADER_NAME, headerName } from '../header-rules.ts';
import { duration, size } from '../units.ts';
import { draftOf, type FilterDraft } from './filter-draft.ts';
import { pattern } from './pattern.ts';

const ASK = 'an http:// or https:// URL without a user name, such as http://127.0.0.1:9091/api/verify';
const TIMEOUT_MS = 10_000;
/** Workers hold no more than that of a body until the answer is there. */
const MAX_BODY_BYTES = 1_048_576;

const names = () => oneOrMore(headerName(), HEADER_NAME);
const askUrl = () => readable(ASK, readAskUrl);

/** `forwardAuth` */
export function forwardAuth() {
  const detailed = section({
    url: required(askUrl(), {
      meaning: 'Who is asked. 2xx lets the request through, any other answer goes to the client as it is',
    }),
    trustForwarded: field(flag(), {
      meaning: 'Whether it gets the X-Forwarded-* of the client as they came',
      default: 'false, it gets those that dproxy makes',
      danger: 'clients then choose the address, host and path that it judges',
    }),
    requestHeaders: field(names(), { meaning: 'Headers of the request that it gets', default: 'all' }),
    responseHeaders: field(names(), {
      meaning: 'Headers of its answer that the backend gets, in place of those of the client',
      default: 'none',
    }),
    responseHeadersPattern: field(pattern(), {
      meaning: 'The same as a regular expression (RE2) of names in lower case',
      default: 'none',
    }),
    cookies: field(oneOrMore(text('the name of a cookie', 128), 'the name of a cookie'), {
      meaning: "Cookies of its answer that the client gets with the backend's answer",
      default: 'none',
    }),
    userHeader: field(headerName(), {
      meaning: 'Header of its answer that names the user; the backend and the access log are told',
      default: 'none',
    }),
    maxBody: field(
      size(1).refine((bytes) => bytes <= MAX_BODY_BYTES, { error: 'bytes (a number) or a size, up to 1MiB' }),
      {
        meaning: 'It gets the body of the request, up to this size, at most 1MiB; a longer one is answered with 413',
        default: 'none, it gets no body',
      },
    ),
    preserveMethod: field(flag(), {
      meaning: 'Whether it is asked with the method of the request',
      default: 'false, GET',
    }),
    preserveLocation: field(flag(), {
      meaning: 'Whether a relative Location in its answer stays relative to the site',
      default: 'false, it is made absolute with its own address',
    }),
    tlsVerify: field(flag(), {
      meaning: 'Whether the certificate of an https:// URL is verified',
      default: 'true',
      danger: 'with false, whoever is in between lets in whom they like',
    }),
    timeout: field(duration(1), {
      meaning: 'How long its answer may take, in ms or as 5s; then the request is refused',
      default: '10s',
    }),
  }).transform((value) => draft(value));
  return z.union([askUrl().transform((url) => draft({ url })), detailed], { error: `${ASK}, or {url, ...}` });
}

type Written = { readonly [K in keyof Omit<ForwardAuthFilter, 'url'>]?: ForwardAuthFilter[K] | undefined } & {
  readonly url: string;
  readonly timeout?: number | undefined;
  readonly maxBody?: number | undefined;
};

function draft(written: Written): FilterDraft {
  return draftOf({
    type: 'forwardAuth',
    url: written.url,
    trustForwarded: written.trustForwarded ?? false,
    requestHeaders: written.requestHeaders ?? [],
    responseHeaders: written.responseHeaders ?? [],
    responseHeadersPattern: written.responseHeadersPattern ?? '',
    cookies: written.cookies ?? [],
    userHeader: written.userHeader ?? '',
    maxBodyBytes: written.maxBody ?? -1,
    preserveMethod: written.preserveMethod ?? false,
    preserveLocation: written.preserveLocation ?? false,
    tlsVerify: written.tlsVerify ?? true,
    timeoutMs: written.timeout ?? TIMEOUT_MS,
  });
}

function readAskUrl(raw: string): Read<string> {
  if (/[^\x21-\x7e]/.test(raw) || !/^https?:\/\//i.test(raw) || !URL.canParse(raw)) return { problem: 'no such URL' };
  const url = new URL(raw);
  if (url.username !== '' || url.password !== '') return { problem: 'a URL with a user name' };
  if (url.hash !== '') return { problem: 'a URL with a fragment' };
  const address = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  const reason = isIP(address) === 0 ? undefined : refusedAddress(address, port, []);
  return reason === undefined ? { value: url.href } : { problem: `${address} is refused: ${reason}` };
}
