import fastifyHttpProxy from '@fastify/http-proxy';
import Fastify from 'fastify';

const [port, originPort] = process.argv.slice(2).map(Number);
const app = Fastify();
await app.register(fastifyHttpProxy, { upstream: `http://127.0.0.1:${originPort}` });
await app.listen({ port: port ?? 0, host: '127.0.0.1' });
