import { parseAddress, readExplainedUrl } from '@dproxy/core';
import { InvalidArgumentError } from 'commander';
import { explanationLines } from '../explain/explanation-lines.ts';
import { adminClient, type Context } from './context.ts';
import { failure } from './failure.ts';

export interface ExplainOptions {
  readonly method?: string;
  readonly header?: readonly (readonly [name: string, value: string])[];
  readonly client?: string;
  readonly clientCertificate?: boolean;
}

/** What a URL is answered with, and why; a failure when nothing answers it but an error. */
export async function explain(context: Context, url: string, options: ExplainOptions): Promise<void> {
  const { method = 'GET', header = [], client = '', clientCertificate = false } = options;
  const request = { url, method, headers: header, client, hasClientCertificate: clientCertificate };
  const explanation = await (await adminClient(context)).explain(request);
  context.answer(explanationLines(explanation).join('\n'), explanation);
  if (!explanation.answer.ok) throw failure(explanation.answer.detail);
}

/** @throws InvalidArgumentError as all of these: wrong usage */
export function requestUrl(raw: string): string {
  if (readExplainedUrl(raw) !== undefined) return raw;
  throw new InvalidArgumentError('expected a URL such as https://app.example.com/path, without user and password');
}

export function requestMethod(raw: string): string {
  const method = raw.toUpperCase();
  if (/^[A-Z][A-Z-]{0,31}$/.test(method)) return method;
  throw new InvalidArgumentError('expected a method such as GET or POST');
}

export function headerLine(line: string, before: ExplainOptions['header']): readonly (readonly [string, string])[] {
  const colon = line.indexOf(':');
  if (colon < 1 || /[\r\n\0]/.test(line)) throw new InvalidArgumentError('expected "Name: value" in one line');
  return [...(before ?? []), [line.slice(0, colon), line.slice(colon + 1).replace(/^[\t ]+/, '')]];
}

export function clientAddress(raw: string): string {
  if (parseAddress(raw) !== undefined) return raw;
  throw new InvalidArgumentError('expected an IP address');
}
