import type { RouteRow, StreamRow } from '@dproxy/admin/client';
import { describeCondition, type Route, type StreamRoute } from '@dproxy/core';
import { adminClient, type Context } from './context.ts';

/** What is served, and what lost to an older claim: routes, then streams. */
export async function routes(context: Context): Promise<void> {
  const client = await adminClient(context);
  const rows = await client.routes();
  const streams = await client.streams();
  const lines = [
    ...rows.map((row) => describe(row, whereOf(row), row.state === 'serving' ? describeAction(row) : '')),
    ...streams.map((row) =>
      describe(row, `${row.listenerId}/${row.host}`, row.state === 'serving' ? describeStream(row) : ''),
    ),
  ];
  context.answer(lines.length === 0 ? 'no routes' : lines.join('\n'), [...rows, ...streams]);
}

/** Host and path, and what else tells it apart from others with the same. */
function whereOf(row: RouteRow): string {
  const where = row.host + row.path;
  if (row.state === 'shadowed') return where;
  const { pathMatch, condition, priority } = row;
  const kind = pathMatch === 'segments' ? '' : ` (${pathMatch})`;
  const asked = condition === null ? '' : ` if ${describeCondition(condition)}`;
  return `${where}${kind}${asked}${priority === 0 ? '' : ` priority ${priority}`}`;
}

function describe(row: RouteRow | StreamRow, where: string, what: string): string {
  const origin = row.origins.map(({ name, source }) => `${name} (${source})`).join(', ');
  const state = row.state === 'shadowed' ? `shadowed by ${row.shadowedBy.name}: ${row.reason}` : what;
  return `${where}  ${state}  from ${origin}`;
}

function describeStream({ tls, backends }: StreamRoute): string {
  const words = { none: '', terminate: 'TLS ends here ', passthrough: 'TLS as it comes ' };
  return `${words[tls]}-> ${backends.map(({ backendId }) => backendId).join(', ')}`;
}

function describeAction({ action }: Route): string {
  switch (action.type) {
    case 'forward':
      return `-> ${action.backends.map(({ backendId }) => backendId).join(', ')}`;
    case 'respond':
      return `answers ${action.status}`;
    case 'redirect':
      return `redirects (${action.status}) to ${action.location}`;
    default:
      return action satisfies never;
  }
}
