import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { type Answer, succeeded } from '../answers.ts';
import { endpointsOf, type OpenApiDocument } from '../endpoints.ts';
import { answerOf, ENDPOINTS, refusals } from '../schemas.ts';

/** The index, the OpenAPI document and a page that shows it. */
export function docsRoutes(app: FastifyInstance): void {
  const common = { method: 'GET', exposeHeadRoute: true, config: { isOpen: true } } as const;
  const read = (): OpenApiDocument => app.swagger() as unknown as OpenApiDocument;
  app.route({
    ...common,
    url: '/',
    schema: { summary: 'All calls', response: { 200: answerOf(ENDPOINTS, 'All calls.'), ...refusals() } },
    handler: (): Answer => succeeded('dproxy admin API', { endpoints: endpointsOf(read()) }),
  });
  app.route({
    ...common,
    url: '/openapi.json',
    schema: {
      summary: 'OpenAPI document of this API',
      response: { 200: { description: 'OpenAPI 3.1.', type: 'object' }, ...refusals() },
    },
    handler: () => read(),
  });
  app.route({
    ...common,
    url: '/docs',
    schema: {
      summary: 'This API for people',
      response: {
        200: { description: 'A page.', content: { 'text/html': { schema: { type: 'string' } } } },
        ...refusals(),
      },
    },
    handler: (_request, reply) =>
      reply
        .type('text/html; charset=utf-8')
        .header('content-security-policy', `default-src 'none'; style-src '${STYLE_HASH}'; frame-ancestors 'none'`)
        .send(page(read())),
  });
}

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}' +
  'table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.4rem;border-bottom:1px solid #8884}';
const STYLE_HASH = `sha256-${createHash('sha256').update(STYLE).digest('base64')}`;

/**
 * Complete as it is sent: no script, no link to anything. A request that such a page causes carries a Referer or
 * Sec-Fetch-Site, and would need the token.
 */
function page(document: OpenApiDocument): string {
  const rows = endpointsOf(document).map(({ method, path, summary, query, statuses }) => {
    const address = escape(query === '' ? path : `${path}?${query}`);
    return `<tr><td>${method}<td><code>${address}</code><td>${escape(summary)}<td>${statuses.join(', ')}`;
  });
  return [
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>dproxy admin API</title>',
    `<style>${STYLE}</style><h1>dproxy admin API</h1>`,
    '<p>Answers are <code>{"ok": true, "message": "...", "data": ...}</code>. Programs on this machine may make these',
    'calls as they are; everybody else sends <code>Authorization: Bearer &lt;token&gt;</code>. The token is in',
    '<code>api.token</code> in the state folder. The OpenAPI document is at <code>/openapi.json</code>.</p>',
    '<table><tr><th>Method<th>Path<th>Does<th>Answers',
    ...rows,
    '</table></html>\n',
  ].join('\n');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
