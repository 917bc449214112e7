import type { Route } from '@dproxy/core';
import { adminClient, type Context } from './context.ts';

/** What is served, and what lost to an older claim. */
export async function routes(context: Context): Promise<void> {
  const rows = await (await adminClient(context)).routes();
  const lines = rows.map((row) => {
    const where = `${row.host}${row.path}`;
    const origin = row.origins.map(({ name, source }) => `${name} (${source})`).join(', ');
    if (row.state === 'shadowed') return `${where}  shadowed by ${row.shadowedBy.name}: ${row.reason}  from ${origin}`;
    return `${where}  ${describeAction(row)}  from ${origin}`;
  });
  context.answer(lines.length === 0 ? 'no routes' : lines.join('\n'), rows);
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
