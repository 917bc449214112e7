import { createHash } from 'node:crypto';
import type { BackendStatistics, RouteStatistics, Statistics, Traffic, WorkerStatistics } from '@dproxy/core';

const STYLE = [
  ':root{color-scheme:light dark;--line:#8884;--ok:#2e7d32;--bad:#c62828;--wait:#b26a00;--soft:#8882}',
  'body{font:14px/1.45 system-ui,sans-serif;margin:1.5rem;max-width:90rem}',
  'h1{font-size:1.4rem;margin:0 0 .2rem}h2{font-size:1rem;margin:1.4rem 0 .3rem;overflow-wrap:anywhere}',
  'p{margin:.2rem 0 1rem}small{opacity:.75;font-weight:400}.wide{overflow-x:auto}',
  'table{border-collapse:collapse;width:100%}th,td{padding:.25rem .5rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}',
  'th:first-child,td:first-child,th:nth-child(2),td:nth-child(2){text-align:left}td:nth-child(2){white-space:normal}',
  // So that the columns of all routes stand below each other.
  'th:first-child{width:20%}th:nth-child(2){width:22%}td:first-child{overflow-wrap:anywhere;white-space:normal}',
  'thead th{font-weight:600;background:var(--soft)}tr.sum td{font-weight:600}',
  '.ready,.online{color:var(--ok)}.unhealthy,.stopped,.unreachable,.errored{color:var(--bad)}.starting,.paused,.draining{color:var(--wait)}',
].join('');

/** For the Content-Security-Policy of the page. */
export const STATISTICS_STYLE = `sha256-${createHash('sha256').update(STYLE).digest('base64')}`;

const TRAFFIC_HEADS = ['active', 'total', '1xx', '2xx', '3xx', '4xx', '5xx', 'errors', 'in', 'out', 'mean'];

/** Complete as it is sent: no script, no link to anything but its own other forms. */
export function statisticsPage(statistics: Statistics, match: string): string {
  const { atMs, server, workers, routes, routeCount } = statistics;
  const shown = routes.length === routeCount ? `${routeCount} routes` : `${routes.length} of ${routeCount} routes`;
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>dproxy statistics</title><style>${STYLE}</style></head><body>`,
    `<h1>dproxy <small>${escape(server)}</small></h1>`,
    `<p>${new Date(atMs).toISOString()} &middot; ${workers.length} workers &middot; ${shown}`,
    match === '' ? '' : ` that contain <code>${escape(match)}</code>`,
    ' &middot; counted since each worker started</p>',
    workersTable(workers),
    ...routes.map(routeTable),
    '</body></html>\n',
  ].join('\n');
}

function workersTable(workers: readonly WorkerStatistics[]): string {
  const heads = [
    'worker',
    'state',
    'table',
    'connections',
    'tunnels',
    'requests',
    'errors',
    'in',
    'out',
    'to backends',
  ];
  const rows = workers.map((worker) => [
    td(`${worker.id} <small>pid ${worker.pid}</small>`),
    td(worker.state, worker.state),
    td(worker.snapshot),
    td(count(worker.connections)),
    td(count(worker.tunnels)),
    td(count(worker.requests)),
    td(count(worker.errors)),
    td(bytes(worker.bytesIn)),
    td(bytes(worker.bytesOut)),
    td(count(worker.upstreamConnections)),
  ]);
  return table(
    heads,
    rows.map((cells) => `<tr>${cells.join('')}</tr>`),
  );
}

function routeTable({ id, kind, origins, listeners, traffic, workers, backends }: RouteStatistics): string {
  const from = origins.map(({ source, name }) => `${name} (${source})`).join(', ');
  const only = listeners.length === 0 ? '' : ` on ${listeners.join(', ')}`;
  const heads = ['', 'state', 'weight', ...TRAFFIC_HEADS];
  const rows = [
    row('route', td(''), td(''), traffic, ' class="sum"'),
    ...workers.map((worker) => row(`worker ${worker.pid}`, td(''), td(''), worker.traffic)),
    ...backends.map((backend) => row(backendName(backend), stateCell(backend), td(backend.weight), backend.traffic)),
  ];
  return `<h2>${escape(id)} <small>${kind}${escape(only)}, from ${escape(from)}</small></h2>${table(heads, rows)}`;
}

function backendName({ name, address, port }: BackendStatistics): string {
  const where = address === '' ? '' : `${address}:${port}`;
  return where === '' || name.includes(where) ? name : `${name} ${where}`;
}

function stateCell({ state, reason }: BackendStatistics): string {
  return td(reason === '' ? state : `${state}: ${escape(reason)}`, state);
}

function row(name: string, state: string, weight: string, traffic: Traffic | undefined, attributes = ''): string {
  return `<tr${attributes}>${td(escape(name))}${state}${weight}${trafficCells(traffic)}</tr>`;
}

function trafficCells(traffic: Traffic | undefined): string {
  if (traffic === undefined) return TRAFFIC_HEADS.map(() => td('')).join('');
  const { active, requests, statuses, errors, bytesIn, bytesOut, totalMs } = traffic;
  const mean = requests === 0 ? '' : `${Math.round(totalMs / requests)} ms`;
  const numbers = [active, requests, ...statuses, errors].map((value) => td(count(value)));
  return [...numbers, td(bytes(bytesIn)), td(bytes(bytesOut)), td(mean)].join('');
}

function table(heads: readonly string[], rows: readonly string[]): string {
  const head = heads.map((name) => `<th scope="col">${name}</th>`).join('');
  return `<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
}

/** @param content is HTML */
function td(content: string | number, classes = ''): string {
  return `<td${classes === '' ? '' : ` class="${classes}"`}>${content}</td>`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let scaled = value;
  let unit = 0;
  while (scaled >= 1_024 && unit < units.length - 1) {
    scaled /= 1_024;
    unit++;
  }
  return `${unit === 0 ? scaled : scaled.toFixed(1)} ${units[unit] ?? ''}`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
