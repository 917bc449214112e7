import { canonicalFieldName, isFieldValue, type HealthCheck, type StatusRange } from '@dproxy/core';
import { argumentsOf, nameOf, type Block } from './block.ts';
import { readGoDuration } from './durations.ts';
import { first } from './proxy-balance.ts';
import type { Report } from './report.ts';

const INTERVAL_MS = 30_000;
const TIMEOUT_MS = 5_000;

/** `health_uri` and the others of its kind. Undefined: nothing is checked. */
export function readHealth(lines: ReadonlyMap<string, Block>, report: Report): HealthCheck | undefined {
  const path = first(lines.get('health_uri'));
  const port = Number(first(lines.get('health_port')) || '0');
  if (path === '' && port === 0) return undefined;
  const body = lines.get('health_body');
  if (body !== undefined) report.note(body, 'a body that is expected of a health check', 'health_status');
  const intervalMs = readGoDuration(first(lines.get('health_interval'))) ?? INTERVAL_MS;
  return {
    type: 'http',
    path: path.startsWith('/') ? path : `/${path}`,
    method: /^[A-Z]{1,16}$/.test(first(lines.get('health_method'))) ? first(lines.get('health_method')) : 'GET',
    host: '',
    port: Number.isInteger(port) && port <= 65_535 ? port : 0,
    scheme: 'default',
    headers: headersOf(lines.get('health_headers')),
    statuses: [statusOf(first(lines.get('health_status')))],
    followRedirects: lines.has('health_follow_redirects'),
    intervalMs,
    unhealthyIntervalMs: intervalMs,
    timeoutMs: readGoDuration(first(lines.get('health_timeout'))) ?? TIMEOUT_MS,
    rise: count(lines.get('health_passes')),
    fall: count(lines.get('health_fails')),
  };
}

/** `200`, `2xx`; without one everything below 400 is fine. */
function statusOf(raw: string): StatusRange {
  if (/^[1-5]xx$/i.test(raw)) return [Number(raw[0]) * 100, Number(raw[0]) * 100 + 99];
  return /^[1-5]\d\d$/.test(raw) ? [Number(raw), Number(raw)] : [200, 399];
}

function headersOf(block: Block | undefined): readonly (readonly [string, string])[] {
  return (block?.children ?? []).flatMap((child) => {
    const name = canonicalFieldName(nameOf(child));
    const [value = ''] = argumentsOf(child);
    return name !== undefined && isFieldValue(value) ? [[name, value] as const] : [];
  });
}

function count(block: Block | undefined): number {
  const value = Number(first(block) || '1');
  return Number.isInteger(value) && value >= 1 && value <= 100 ? value : 1;
}
