import type { Inspector } from '@dproxy/core';
import type { FastifyInstance } from 'fastify';
import { type Answer, succeeded } from '../answers.ts';
import { withoutSecrets } from '../redaction.ts';
import {
  answerOf,
  BACKENDS,
  CERTIFICATES,
  CONTAINERS,
  refusals,
  REJECTED,
  ROUTES,
  STREAMS,
  WAKE_GROUPS,
} from '../schemas.ts';

/** What dproxy knows, and what it refused and why. */
export function listRoutes(app: FastifyInstance, inspector: Inspector): void {
  const lists = [
    { url: '/containers', noun: 'containers', schema: CONTAINERS, read: () => inspector.containers() },
    { url: '/backends', noun: 'backends', schema: BACKENDS, read: () => inspector.backends() },
    { url: '/routes', noun: 'routes', schema: ROUTES, read: () => routeRows(inspector) },
    { url: '/streams', noun: 'streams', schema: STREAMS, read: () => streamRows(inspector) },
    { url: '/certificates', noun: 'certificates', schema: CERTIFICATES, read: () => inspector.certificates() },
    { url: '/wake', noun: 'groups that sleep and wake', schema: WAKE_GROUPS, read: () => inspector.wakeGroups() },
    { url: '/rejected', noun: 'rejected entries', schema: REJECTED, read: () => inspector.rejected() },
  ] as const;
  for (const { url, noun, schema, read } of lists) {
    app.route({
      method: 'GET',
      url,
      exposeHeadRoute: true,
      config: { isOpen: true },
      schema: { summary: `All ${noun}`, response: { 200: answerOf(schema, `All ${noun}.`), ...refusals() } },
      handler: (): Answer => {
        const rows: readonly unknown[] = read();
        return succeeded(`${rows.length} ${noun}`, withoutSecrets(rows));
      },
    });
  }
}

function streamRows(inspector: Inspector): readonly object[] {
  const { streams, shadowed } = inspector.streams();
  return [
    ...streams.map((stream) => ({ ...stream, state: 'serving' })),
    ...shadowed.map(({ origin, ...rest }) => ({ ...rest, origins: [origin], state: 'shadowed' })),
  ];
}

/** One list for both kinds, so that a script finds every claim of a host in one place; `state` tells them apart. */
function routeRows(inspector: Inspector): readonly object[] {
  const { routes, shadowed } = inspector.routes();
  return [
    ...routes.map((route) => ({ ...route, state: 'serving' })),
    ...shadowed.map(({ origin, ...rest }) => ({ ...rest, origins: [origin], state: 'shadowed' })),
  ];
}
