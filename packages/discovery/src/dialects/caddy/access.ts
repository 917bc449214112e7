import { readFilters } from '@dproxy/config';
import type { Filter } from '@dproxy/core';
import { argumentsOf, nameOf, type Block } from './block.ts';
import type { Report } from './report.ts';
import { isUpstreams } from './templates.ts';

/** `basic_auth [matcher] [<hash> [<realm>]] { <user> <hash> }` */
export function readBasicAuth(block: Block, values: readonly string[], report: Report): readonly Filter[] {
  const [algorithm = 'bcrypt', realm = 'restricted'] = values;
  if (algorithm !== 'bcrypt') {
    report.refuse(block, 'hashes other than bcrypt', 'bcrypt, as caddy hash-password makes them');
    return [];
  }
  const users = block.children.map((child) => `${nameOf(child)}:${decoded(argumentsOf(child)[0] ?? '')}`);
  return checked(block, { basicAuth: { users, realm } }, report);
}

/** Old versions of Caddy wrote hashes in base64. */
function decoded(hash: string): string {
  if (!hash.startsWith('JDJ')) return hash;
  return Buffer.from(hash, 'base64').toString('latin1');
}

/** `forward_auth [matcher] <upstream> { uri, copy_headers }` */
export function readForwardAuth(block: Block, values: readonly string[], report: Report): readonly Filter[] {
  const [upstream, ...others] = values;
  const lines = new Map(block.children.map((child) => [nameOf(child), child]));
  const uriLine = lines.get('uri');
  const uri = uriLine === undefined ? '' : (argumentsOf(uriLine)[0] ?? '');
  const strange = block.children.find((child) => !FORWARD_AUTH_LINES.has(nameOf(child)));
  if (strange !== undefined) report.refuse(strange, `${nameOf(strange)} of forward_auth`, 'uri and copy_headers');
  const isGiven = upstream !== undefined && others.length === 0 && !isUpstreams(upstream);
  if (!isGiven || !/^\/[^{}\s]*$/.test(uri)) {
    report.refuse(block, 'not one server and a fixed uri', 'forward_auth <host:port>, and uri /path below it');
    return [];
  }
  const copied = lines.get('copy_headers');
  const names = copied === undefined ? [] : [...argumentsOf(copied), ...copied.children.map(nameOf)];
  const url = `${/:\/\//.test(upstream) ? upstream : `http://${upstream}`}${uri}`;
  const responseHeaders = names.length === 0 ? {} : { responseHeaders: names };
  return checked(block, { forwardAuth: { url, ...responseHeaders } }, report);
}

const FORWARD_AUTH_LINES: ReadonlySet<string> = new Set(['uri', 'copy_headers']);

/** By the rules of dproxy.yml. */
function checked(block: Block, entry: object, report: Report): readonly Filter[] {
  const read = readFilters([entry]);
  if ('filters' in read) return read.filters;
  for (const { message, expected } of read.problems) {
    report.refuse(block, message.replace(/^filters\[0\]\./, ''), expected);
  }
  return [];
}
