import { STATUS_CODES } from 'node:http';
import type { Page } from './render-page.ts';

export interface RedirectRequest {
  readonly status: 301 | 302 | 303 | 307 | 308;
  /** Absolute URL or path. What is no visible ASCII is percent-encoded, so that no value can add a header line. */
  readonly location: string;
  readonly method: string;
}

const EMPTY = Buffer.alloc(0);

/** The short body is for clients that do not follow (RFC 9110 section 15.4). */
export function renderRedirect({ status, location, method }: RedirectRequest): Page {
  const target = encodeUnsafe(location);
  const body = Buffer.from(`${status} ${STATUS_CODES[status]}\n${target}\n`);
  return {
    status,
    headers:
      `location: ${target}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: ${body.byteLength}\r\n` +
      'x-content-type-options: nosniff\r\n',
    body: method === 'HEAD' ? EMPTY : body,
  };
}

function encodeUnsafe(location: string): string {
  return location.replaceAll(/[^\u0021-\u007e]+/g, (text) =>
    Array.from(Buffer.from(text), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}
