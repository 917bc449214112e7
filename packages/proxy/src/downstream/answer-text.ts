import { STATUS_CODES } from 'node:http';
import type { Page } from '../pages/index.ts';

/** A whole response of our own, to be written as latin1. `connection` says what RFC 9112 section 9.6 asks for. */
export function answerText(page: Page, options: AnswerOptions): string {
  const reason = STATUS_CODES[page.status] ?? 'Unknown';
  // RFC 9110 section 9.3.2: the answer to HEAD says the length and has no body.
  const body = options.method === 'HEAD' ? '' : page.body.toString('latin1');
  const connection = connectionLine(options.keepAlive, options.minorVersion);
  const date = `date: ${new Date().toUTCString()}\r\n`;
  return `HTTP/1.1 ${page.status} ${reason}\r\n${page.headers}${date}${connection}\r\n${body}`;
}

interface AnswerOptions {
  readonly keepAlive: boolean;
  readonly minorVersion: 0 | 1;
  readonly method: string;
}

function connectionLine(keepAlive: boolean, minorVersion: 0 | 1): string {
  if (!keepAlive) return 'connection: close\r\n';
  return minorVersion === 0 ? 'connection: keep-alive\r\n' : '';
}
