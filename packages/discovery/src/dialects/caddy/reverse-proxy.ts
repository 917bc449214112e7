import { DEFAULT_BALANCE, type BalancePolicy, type Filter, type HealthCheck } from '@dproxy/core';
import type { Container } from '../../container.ts';
import { argumentsOf, nameOf, type Block } from './block.ts';
import { filterOf, headerChange } from './header-lines.ts';
import { readEjection, readPolicy } from './proxy-balance.ts';
import { readHealth } from './proxy-health.ts';
import { PLAIN_TRANSPORT, readTransport, type Transport } from './proxy-transport.ts';
import { readUpstreams, type OwnPort } from './proxy-upstreams.ts';
import type { Report } from './report.ts';
import { readRewrite } from './rewrites.ts';
import { UNTOUCHED } from './path-matcher.ts';
import { first } from './values.ts';

/** `reverse_proxy`, read. */
export interface Proxy {
  readonly upstreams: readonly OwnPort[];
  readonly transport: Transport;
  readonly balance: BalancePolicy;
  readonly health: HealthCheck | undefined;
  /** Of this proxy alone; they act last. */
  readonly filters: readonly Filter[];
}

const MAX_ATTEMPTS = 10;

/** Sizes and times of buffers and streams, which dproxy has its own of. */
const ACCEPTED: ReadonlySet<string> = new Set([
  'flush_interval',
  'buffer_requests',
  'buffer_responses',
  'max_buffer_size',
  'request_buffers',
  'response_buffers',
  'stream_buffer_size',
  'stream_timeout',
  'stream_close_delay',
  'verbose_logs',
  'lb_try_interval',
  'lb_try_duration',
]);
const READ: ReadonlySet<string> = new Set([
  'to',
  'lb_policy',
  'lb_retries',
  'header_up',
  'header_down',
  'transport',
  'rewrite',
  'fail_duration',
  'max_fails',
  'unhealthy_status',
]);
/** Without these the same backend answers. */
const NOTED: ReadonlySet<string> = new Set([
  'trusted_proxies',
  'unhealthy_latency',
  'unhealthy_request_count',
  'lb_retry_match',
  'health_request_body',
  'health_upstream',
]);

export interface ProxyFacts {
  readonly container: Container;
  readonly report: Report;
}

/** @param values the line without its matcher */
export function readReverseProxy(block: Block, values: readonly string[], { container, report }: ProxyFacts): Proxy {
  const lines = new Map(block.children.map((child) => [nameOf(child), child]));
  for (const child of block.children) checkLine(child, report);
  const to = block.children.filter((child) => nameOf(child) === 'to').flatMap(argumentsOf);
  const policy = lines.get('lb_policy');
  const transport = readTransport(lines.get('transport'), report);
  const upstreams = readUpstreams(block, [...values, ...to], container, report);
  return {
    upstreams: upstreams.map((own) => ({ ...own, protocol: protocolOf(own.protocol, transport) })),
    transport,
    balance: {
      ...(policy === undefined ? DEFAULT_BALANCE : readPolicy(policy, report)),
      ejection: readEjection(lines),
      slowStartMs: 0,
    },
    health: readHealth(lines, report),
    filters: [
      ...rewritesOf(lines.get('rewrite'), report),
      ...headersOf(block, report),
      ...retriesOf(lines.get('lb_retries')),
    ],
  };
}

/** What a proxy is that has been refused. */
export const NO_PROXY: Proxy = {
  upstreams: [],
  transport: PLAIN_TRANSPORT,
  balance: DEFAULT_BALANCE,
  health: undefined,
  filters: [],
};

function checkLine(child: Block, report: Report): void {
  const name = nameOf(child);
  if (READ.has(name) || ACCEPTED.has(name)) return;
  if (NOTED.has(name)) report.note(child, `${name} of reverse_proxy`, expectedFor(name));
  else if (!/^health_\w+$/.test(name)) report.refuse(child, `${name} of reverse_proxy`, [...READ].join(', '));
}

function expectedFor(name: string): string {
  return name === 'trusted_proxies' ? 'trustedProxies in dproxy.yml' : 'fail_duration, max_fails, or health_uri';
}

function protocolOf(protocol: OwnPort['protocol'], { isEncrypted, isH2c }: Transport): OwnPort['protocol'] {
  if (isEncrypted) return 'https';
  return isH2c && protocol === 'http' ? 'h2c' : protocol;
}

function rewritesOf(block: Block | undefined, report: Report): readonly Filter[] {
  return block === undefined ? [] : readRewrite(block, argumentsOf(block), UNTOUCHED, report).filters;
}

function headersOf({ children }: Block, report: Report): readonly Filter[] {
  return (['request', 'response'] as const).flatMap((side) => {
    const name = side === 'request' ? 'header_up' : 'header_down';
    const lines = children.filter((child) => nameOf(child) === name);
    return filterOf(
      side,
      lines.flatMap((line) => headerChange(line, side, report) ?? []),
    );
  });
}

/** Tries beside the first. */
function retriesOf(block: Block | undefined): readonly Filter[] {
  const retries = Number(first(block) || '0');
  if (!Number.isInteger(retries) || retries < 1) return [];
  const attempts = Math.min(MAX_ATTEMPTS, retries + 1);
  return [{ type: 'retry', attempts, initialMs: 0, statuses: [], nonIdempotent: false, maxBodyBytes: 0 }];
}
