import type { BackendStatistics, RouteStatistics, Statistics, Traffic } from '@dproxy/core';

/**
 * One line per route, backend and worker, in the columns of HAProxy's statistics that mean the same here, so that what reads
 * those reads these. What HAProxy counts and dproxy does not is left out, not filled in.
 */
const COLUMNS = [
  'pxname',
  'svname',
  'scur',
  'stot',
  'bin',
  'bout',
  'eresp',
  'status',
  'weight',
  'hrsp_1xx',
  'hrsp_2xx',
  'hrsp_3xx',
  'hrsp_4xx',
  'hrsp_5xx',
  'ttime',
  'mode',
  'addr',
  'last_chk',
] as const;

type Row = Partial<Readonly<Record<(typeof COLUMNS)[number], string | number>>>;

export function statisticsCsv({ routes, workers }: Statistics): string {
  const rows: Row[] = [
    ...routes.flatMap((route) => [frontend(route), ...route.backends.map((backend) => server(route, backend))]),
    ...workers.map((worker) => ({
      pxname: 'workers',
      svname: worker.pid,
      scur: worker.connections,
      stot: worker.requests,
      bin: worker.bytesIn,
      bout: worker.bytesOut,
      eresp: worker.errors,
      status: worker.state === 'online' ? 'UP' : worker.state.toUpperCase(),
    })),
  ];
  const lines = rows.map((row) => COLUMNS.map((column) => cell(row[column] ?? '')).join(','));
  return `# ${COLUMNS.join(',')}\n${lines.map((line) => `${line}\n`).join('')}`;
}

function frontend({ id, kind, traffic }: RouteStatistics): Row {
  return { pxname: id, svname: 'FRONTEND', status: 'OPEN', mode: kind, ...counts(traffic) };
}

function server(
  { id, kind }: RouteStatistics,
  { name, address, port, state, reason, weight, traffic }: BackendStatistics,
): Row {
  return {
    pxname: id,
    svname: name,
    status: statusOf(state),
    weight,
    mode: kind,
    addr: address === '' ? '' : `${address.includes(':') ? `[${address}]` : address}:${port}`,
    last_chk: reason,
    ...counts(traffic),
  };
}

/** HAProxy's words. */
function statusOf(state: BackendStatistics['state']): string {
  if (state === 'draining') return 'DRAIN';
  return state === 'ready' ? 'UP' : 'DOWN';
}

function counts(traffic: Traffic | undefined): Row {
  if (traffic === undefined) return { scur: 0, stot: 0, bin: 0, bout: 0, eresp: 0 };
  const { active, requests, bytesIn, bytesOut, errors, statuses, totalMs } = traffic;
  return {
    scur: active,
    stot: requests,
    bin: bytesIn,
    bout: bytesOut,
    eresp: errors,
    hrsp_1xx: statuses[0],
    hrsp_2xx: statuses[1],
    hrsp_3xx: statuses[2],
    hrsp_4xx: statuses[3],
    hrsp_5xx: statuses[4],
    ttime: requests === 0 ? 0 : Math.round(totalMs / requests),
  };
}

/** RFC 4180; and a text that a spreadsheet would take for a formula stays a text: names come from containers. */
function cell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
