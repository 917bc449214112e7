import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, startProgram, type Running } from './origin.ts';

interface Place {
  readonly folder: string;
  readonly originPort: number;
}

interface Subject {
  readonly name: string;
  start(place: Place): Promise<Running>;
}

const PROXY_CORE = '0';

export const SUBJECTS: readonly Subject[] = [
  { name: 'haproxy', start: startHaproxy },
  { name: 'nginx', start: startNginx },
  { name: 'dproxy', start: (place) => startNode('dproxy', place) },
  { name: '@fastify/http-proxy', start: (place) => startNode('fastify-http-proxy', place) },
  { name: 'http-proxy', start: (place) => startNode('http-proxy', place) },
];

async function startHaproxy({ folder, originPort }: Place): Promise<Running> {
  const port = await freePort();
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(
    file,
    `global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option forwardfor
frontend in
  bind 127.0.0.1:${port}
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Real-IP %[src]
  use_backend app if { hdr(host) -i bench.test }
backend app
  http-reuse always
  server one 127.0.0.1:${originPort}
`,
  );
  return await startProgram({
    core: PROXY_CORE,
    command: ['/usr/sbin/haproxy', '-db', '-f', file],
    port,
    child: false,
  });
}

async function startNginx({ folder, originPort }: Place): Promise<Running> {
  const port = await freePort();
  const file = join(folder, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log /dev/null crit;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 100000000;
  upstream app { server 127.0.0.1:${originPort}; keepalive 64; }
  server { listen 127.0.0.1:${port}; server_name bench.test;
    location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
      proxy_set_header X-Real-IP $remote_addr; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme; } } }`,
  );
  return await startProgram({
    core: PROXY_CORE,
    command: ['/usr/sbin/nginx', '-p', folder, '-c', file],
    port,
    child: true,
  });
}

async function startNode(subject: string, { originPort }: Place): Promise<Running> {
  const port = await freePort();
  const script = join(import.meta.dirname, 'subjects', `${subject}.ts`);
  return await startProgram({
    core: PROXY_CORE,
    command: [process.execPath, script, String(port), String(originPort)],
    port,
    child: false,
  });
}
