import {
  canonicalFieldName,
  DEFAULT_HEALTH_CHECK,
  isFieldValue,
  type HealthCheck,
  type PassiveEjection,
} from '@dproxy/core';
import type { Section } from './section.ts';

const DEFAULT_INTERVAL_MS = 30_000;
const DEFAULT_TIMEOUT_MS = 5_000;
const DEFAULT_WINDOW_MS = 10_000;

/** `healthcheck` of a service of HTTP; undefined when it has none. One answer changes the state, either way. */
export function readHealthCheck(balancer: Section): HealthCheck | undefined {
  const section = balancer.sub('healthcheck');
  if (section === undefined) return undefined;
  const type = section.word('mode', ['http', 'grpc']) ?? 'http';
  const status = section.integer('status', 0, 999) ?? 0;
  const path = section.text('path') ?? DEFAULT_HEALTH_CHECK.path;
  if (type === 'http' && !/^\/[\x21-\x7e]*$/.test(path)) section.refuse('path', 'a path that begins with /');
  const check: HealthCheck = {
    type,
    path: type === 'grpc' ? '' : path,
    method: (section.text('method') ?? 'GET').trim().toUpperCase() || 'GET',
    host: section.text('hostname')?.trim() ?? '',
    port: section.integer('port', 0, 65_535) ?? 0,
    scheme: section.word('scheme', ['http', 'https']) ?? 'default',
    headers: readHeaders(section),
    statuses: status === 0 ? DEFAULT_HEALTH_CHECK.statuses : [[status, status]],
    followRedirects: section.flag('followredirects') ?? DEFAULT_HEALTH_CHECK.followRedirects,
    ...readPace(section),
  };
  if (!/^[A-Z]{1,32}$/.test(check.method)) section.refuse('method', 'a method such as GET');
  if (!isFieldValue(check.host) || /\s/.test(check.host)) section.refuse('hostname', 'a host such as app.example.com');
  section.finish();
  return check;
}

/** `healthcheck` of a raw service of TCP. */
export function readStreamHealthCheck(balancer: Section): HealthCheck | undefined {
  const section = balancer.sub('healthcheck');
  if (section === undefined) return undefined;
  for (const key of ['send', 'expect']) {
    if (section.text(key) === undefined) continue;
    section.note(key, 'a check connects and says nothing', 'a HEALTHCHECK of the container, which counts as well');
  }
  const port = section.integer('port', 0, 65_535) ?? 0;
  const check: HealthCheck = { ...DEFAULT_HEALTH_CHECK, type: 'tcp', path: '', port, ...readPace(section) };
  section.finish();
  return check;
}

function readPace(section: Section) {
  const intervalMs = section.duration('interval') || DEFAULT_INTERVAL_MS;
  return {
    intervalMs,
    unhealthyIntervalMs: section.duration('unhealthyinterval') || intervalMs,
    timeoutMs: section.duration('timeout') || DEFAULT_TIMEOUT_MS,
    rise: 1,
    fall: 1,
  };
}

function readHeaders(section: Section): HealthCheck['headers'] {
  return section.family('headers').flatMap(([written, value]) => {
    const name = canonicalFieldName(written);
    if (name !== undefined && isFieldValue(value)) return [[name, value] as const];
    section.refuse(
      `headers.${written.toLowerCase()}`,
      'a header name in the label, and one line of text as its value',
      true,
    );
    return [];
  });
}

/** `passivehealthcheck`; null when there is none. */
export function readEjection(balancer: Section): PassiveEjection | null {
  const section = balancer.sub('passivehealthcheck');
  if (section === undefined) return null;
  const windowMs = section.duration('failurewindow') || DEFAULT_WINDOW_MS;
  const failures = section.integer('maxfailedattempts', 1, 1_000_000) ?? 1;
  section.finish();
  return { failures, windowMs, ejectMs: windowMs, statuses: true };
}
