import { STATUS_CODES } from 'node:http';
import type { PageOverride } from '@dproxy/core';
import { negotiate, type PageType } from './accept.ts';
import { BUILT_IN_CSP, builtInTemplate } from './built-in.ts';
import { compileTemplate, fillTemplate, PAGE_FIELDS, type Template } from './template.ts';

export interface PageRequest {
  /** 400-599. */
  readonly status: number;
  /** One sentence for the client (`ERRORS[code].message`): no address, container or file name. */
  readonly message: string;
  /** `Accept` as sent; empty when absent. */
  readonly accept: string;
  readonly requestId: string;
  /** The host that was asked for; empty or absent when it is unknown or malformed. */
  readonly host?: string;
  /** The body of an answer to HEAD is empty, its Content-Length is stated (RFC 9110 section 9.3.2). */
  readonly method: string;
  /** Seconds for `Retry-After`. Default for 503: 5. */
  readonly retryAfterSeconds?: number;
}

/** An answer without its status line, `Date` and `Connection`, which belong to the connection that writes it. */
export interface Page {
  readonly status: number;
  /** Lines `name: value` in lower case, each ended by CRLF, with content-type and content-length. */
  readonly headers: string;
  readonly body: Buffer;
}

export interface Pages {
  render(request: PageRequest): Page;
}

const CONTENT_TYPES: Readonly<Record<PageType, string>> = {
  html: 'text/html; charset=utf-8',
  json: 'application/json; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
};

/** A replacement brings its own inline style and `data:` images; it still loads nothing and runs no script. */
const OVERRIDE_CSP =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; form-action 'none'";

const SECURITY = 'cache-control: no-store\r\nx-content-type-options: nosniff\r\nreferrer-policy: no-referrer\r\n';

/** RFC 9110 section 15.5.6: a 405 says what is allowed. CONNECT and TRACE are what dproxy refuses. */
const ALLOW = 'allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n';

const DEFAULT_RETRY_AFTER_SECONDS = 5;

const OVERRIDE_NAME = /^([45]\d\d|default)\.(html|json|txt)$/;
const EMPTY = Buffer.alloc(0);

/** Whether a file of the pages folder replaces a page: `503.html`, `404.json`, `default.txt`. */
export function isPageName(name: string): boolean {
  return OVERRIDE_NAME.test(name);
}

/** Prepares the pages of one Snapshot: what is left per request is one concatenation. */
export function compilePages(overrides: ReadonlyMap<string, PageOverride>): Pages {
  const replaced = new Map<string, Template>();
  for (const [name, override] of overrides) {
    const type = OVERRIDE_NAME.exec(name)?.[2];
    if (type === 'html' || type === 'json' || type === 'txt') {
      replaced.set(name, compileTemplate(override.content, type, PAGE_FIELDS));
    }
  }
  return { render: (request) => render(request, replaced) };
}

/** One page without a prepared set, for callers that have no Snapshot at hand. */
export function renderPage(request: PageRequest & { readonly overrides: ReadonlyMap<string, PageOverride> }): Page {
  return compilePages(request.overrides).render(request);
}

function render(request: PageRequest, replaced: ReadonlyMap<string, Template>): Page {
  const type = negotiate(request.accept);
  const status = String(request.status);
  const override = replaced.get(`${status}.${type}`) ?? replaced.get(`default.${type}`);
  const text = fillTemplate(override ?? builtInTemplate(request.status, type), {
    status,
    title: STATUS_CODES[request.status] ?? 'Error',
    message: request.message,
    requestId: request.requestId,
    host: request.host ?? '',
  });
  const body = Buffer.from(text);
  let headers = `content-type: ${CONTENT_TYPES[type]}\r\ncontent-length: ${body.byteLength}\r\n${SECURITY}`;
  if (type === 'html') {
    headers += `content-security-policy: ${override === undefined ? BUILT_IN_CSP : OVERRIDE_CSP}\r\n`;
  }
  headers += statusHeaders(request);
  return { status: request.status, headers, body: request.method === 'HEAD' ? EMPTY : body };
}

function statusHeaders(request: PageRequest): string {
  if (request.status === 405) return ALLOW;
  const seconds = request.retryAfterSeconds ?? (request.status === 503 ? DEFAULT_RETRY_AFTER_SECONDS : 0);
  return seconds > 0 ? `retry-after: ${Math.ceil(seconds)}\r\n` : '';
}
