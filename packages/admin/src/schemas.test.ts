import Fastify from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Running, startAdmin } from './_fixture.ts';
import { send } from './_requests.ts';

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content: { readonly 'application/json': { readonly schema: Schema } } }>
  >;
}
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: boolean;
}

let running: Running;
let paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;

beforeAll(async () => {
  running = await startAdmin();
  ({ paths } = JSON.parse((await send(running.port, 'GET /openapi.json')).text) as { paths: typeof paths });
});

afterAll(() => running.admin.close());

/** Unknown fields fail too, except below free objects: a field that is answered has to be described. */
function closed(schema: Schema): Schema {
  if (schema.items !== undefined) return { ...schema, items: closed(schema.items) };
  if (schema.properties === undefined) return schema;
  const properties = Object.entries(schema.properties).map(([name, property]) => [name, closed(property)] as const);
  return { ...schema, properties: Object.fromEntries(properties), additionalProperties: false };
}

/** Fastify validates bodies, so the answer is sent to a server whose body schema is the answer's. */
async function problemWith(answer: unknown, schema: Schema): Promise<string> {
  const app = Fastify({ ajv: { customOptions: { removeAdditional: false, coerceTypes: false } } });
  app.post('/', { schema: { body: closed(schema) } }, () => ({ message: '' }));
  const reply = await app.inject({ method: 'POST', url: '/', payload: answer as object });
  await app.close();
  return reply.json<{ message: string }>().message;
}

test.each([
  ['GET', '/', 200],
  ['GET', '/healthz', 200],
  ['GET', '/service/balancer', 200],
  ['POST', '/service/balancer/start', 200],
  ['POST', '/service/balancer/resize', 400],
  ['POST', '/service/balancer/replace', 401],
  ['GET', '/containers', 200],
  ['GET', '/backends', 200],
  ['GET', '/routes', 200],
  ['GET', '/rejected', 200],
  ['GET', '/wake', 200],
  ['GET', '/streams', 200],
  ['GET', '/certificates', 200],
  ['GET', '/stats.json', 200],
  ['GET', '/explain?url=http://app.test/', 200],
  ['GET', '/explain', 400],
  ['POST', '/certificates/retry?host=app.test', 401],
  ['GET', '/container', 200],
  ['POST', '/container', 401],
] as const)('what %s %s answers with %i is what the document says', async (method, path, status) => {
  const reply = await send(running.port, `${method} ${path}`);
  expect(reply.status).toBe(status);
  const schema =
    paths[path.split('?')[0] ?? '']?.[method.toLowerCase()]?.responses[status]?.content['application/json'].schema;
  expect(schema).toBeDefined();
  expect(await problemWith(reply.answer, schema ?? {})).toBe('');
});
