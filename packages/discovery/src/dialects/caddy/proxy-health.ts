import {
  canonicalFieldName,
  DEFAULT_HEALTH_CHECK,
  isFieldValue,
  type HealthCheck,
  type StatusRange,
} from '@dproxy/core';
import { argumentsOf, nameOf, type Block } from './block.ts';
import { first, milliseconds } from './values.ts';
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
  const intervalMs = milliseconds(lines.get('health_interval')) || INTERVAL_MS;
  return {
    ...DEFAULT_HEALTH_CHECK,
    path: path.startsWith('/') ? path : `/${path}`,
    method: /^[A-Z]{1,16}$/.test(first(lines.get('health_method')))
      ? first(lines.get('health_method'))
      : DEFAULT_HEALTH_CHECK.method,
    port: Number.isInteger(port) && port > 0 && port <= 65_535 ? port : 0,
    headers: headersOf(lines.get('health_headers')),
    statuses: statusesOf(first(lines.get('health_status'))),
    followRedirects: lines.has('health_follow_redirects'),
    intervalMs,
    unhealthyIntervalMs: intervalMs,
    timeoutMs: milliseconds(lines.get('health_timeout')) || TIMEOUT_MS,
    rise: count(lines.get('health_passes')),
    fall: count(lines.get('health_fails')),
  };
}

/** `200`, `2xx`; without one everything below 400 is fine. */
function statusesOf(raw: string): readonly StatusRange[] {
  if (/^[1-5]xx$/i.test(raw)) return [[Number(raw[0]) * 100, Number(raw[0]) * 100 + 99]];
  return /^[1-5]\d\d$/.test(raw) ? [[Number(raw), Number(raw)]] : DEFAULT_HEALTH_CHECK.statuses;
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
