import type { Backend, RouteTimeouts } from '@dproxy/core';
import { argumentsOf, nameOf, type Block } from './block.ts';
import { first, milliseconds } from './values.ts';
import type { Report } from './report.ts';

/** How a backend is spoken to, as far as `transport` says it. */
export interface Transport {
  readonly isEncrypted: boolean;
  readonly isH2c: boolean;
  readonly tlsVerify: boolean;
  readonly proxyProtocol: Backend['proxyProtocol'];
  readonly timeouts: RouteTimeouts;
}

export const PLAIN_TRANSPORT: Transport = {
  isEncrypted: false,
  isH2c: false,
  tlsVerify: true,
  proxyProtocol: '',
  timeouts: { connectMs: 0, responseMs: 0, idleMs: 0 },
};

/** Details of pools and buffers, which dproxy has its own of. */
const ACCEPTED: ReadonlySet<string> = new Set([
  'read_buffer',
  'write_buffer',
  'max_response_header',
  'dial_fallback_delay',
  'expect_continue_timeout',
  'keepalive',
  'keepalive_interval',
  'keepalive_idle_conns',
  'keepalive_idle_conns_per_host',
  'compression',
  'max_conns_per_host',
  'tls_timeout',
  'write_timeout',
]);

/** `transport http { ... }` */
export function readTransport(block: Block | undefined, report: Report): Transport {
  if (block === undefined) return PLAIN_TRANSPORT;
  if (first(block) !== 'http') {
    report.refuse(block, `transport ${first(block)}`, 'transport http');
    return PLAIN_TRANSPORT;
  }
  const lines = new Map(block.children.map((child) => [nameOf(child), child]));
  for (const [name, line] of lines) {
    if (KNOWN.has(name) || ACCEPTED.has(name)) continue;
    // Another name or another authority is verified instead: without it the connection fails, which is safe.
    if (name.startsWith('tls_')) report.note(line, `${name} of transport`, 'tls_insecure_skip_verify, or plain HTTP');
    else report.refuse(line, `${name} of transport`, [...KNOWN].join(', '));
  }
  const versions = lines.get('versions');
  return {
    isEncrypted: [...lines.keys()].some((name) => name === 'tls' || name.startsWith('tls_')),
    isH2c: versions !== undefined && argumentsOf(versions).includes('h2c'),
    tlsVerify: !lines.has('tls_insecure_skip_verify'),
    proxyProtocol: proxyProtocolOf(first(lines.get('proxy_protocol'))),
    timeouts: {
      connectMs: milliseconds(lines.get('dial_timeout')),
      responseMs: milliseconds(lines.get('response_header_timeout')),
      idleMs: milliseconds(lines.get('read_timeout')),
    },
  };
}

const KNOWN: ReadonlySet<string> = new Set([
  'tls',
  'tls_insecure_skip_verify',
  'versions',
  'proxy_protocol',
  'dial_timeout',
  'response_header_timeout',
  'read_timeout',
]);

function proxyProtocolOf(version: string): Backend['proxyProtocol'] {
  return version === 'v1' || version === 'v2' ? version : '';
}
