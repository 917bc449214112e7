import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchCertificate } from './certificate.ts';
import { freePort, startProgram, type Running } from './origin.ts';
import type { Scenario } from './scenarios.ts';

export interface Place {
  readonly folder: string;
  readonly originPort: number;
  /** Undefined: in clear. */
  readonly certificate: BenchCertificate | undefined;
}

export interface Subject {
  readonly name: string;
  readonly speaks: readonly Scenario['needs'][];
  start(place: Place): Promise<Running>;
}

const PROXY_CORE = '0';
const ALL = ['http', 'https', 'h2'] as const;

export const SUBJECTS: readonly Subject[] = [
  { name: 'haproxy', speaks: ALL, start: startHaproxy },
  { name: 'nginx', speaks: ALL, start: startNginx },
  { name: 'caddy', speaks: ALL, start: startCaddy },
  { name: 'dproxy', speaks: ALL, start: (place) => startNode('dproxy', place) },
  { name: '@fastify/http-proxy', speaks: ['http'], start: (place) => startNode('fastify-http-proxy', place) },
  { name: 'http-proxy', speaks: ['http'], start: (place) => startNode('http-proxy', place) },
];

async function startHaproxy({ folder, originPort, certificate }: Place): Promise<Running> {
  const port = await freePort();
  const file = join(folder, 'haproxy.cfg');
  const tls = certificate === undefined ? '' : ` ssl crt ${certificate.combined} alpn h2,http/1.1`;
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
  bind 127.0.0.1:${port}${tls}
  http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]
  http-request set-header X-Real-IP %[src]
  use_backend app if { hdr(host),host_only -i bench.test }
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

async function startNginx({ folder, originPort, certificate }: Place): Promise<Running> {
  const port = await freePort();
  const file = join(folder, 'nginx.conf');
  const [mode, tls] =
    certificate === undefined
      ? ['', '']
      : [
          ' ssl http2',
          `ssl_certificate ${certificate.certificate}; ssl_certificate_key ${certificate.key};
      ssl_protocols TLSv1.2 TLSv1.3; ssl_session_tickets on; ssl_session_cache shared:S:1m;`,
        ];
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log /dev/null crit;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 100000000;
  upstream app { server 127.0.0.1:${originPort}; keepalive 64; }
  server { listen 127.0.0.1:${port}${mode}; server_name bench.test; ${tls}
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

async function startCaddy({ folder, originPort, certificate }: Place): Promise<Running> {
  const port = await freePort();
  const file = join(folder, 'Caddyfile');
  const [scheme, tls] =
    certificate === undefined ? ['http', ''] : ['https', `tls ${certificate.certificate} ${certificate.key}`];
  writeFileSync(
    file,
    `{
  admin off
  auto_https off
}
${scheme}://bench.test:${port} {
  bind 127.0.0.1
  ${tls}
  reverse_proxy 127.0.0.1:${originPort}
}
`,
  );
  const home = [`HOME=${folder}`, `XDG_DATA_HOME=${folder}`, `XDG_CONFIG_HOME=${folder}`, 'GOMAXPROCS=1'];
  return await startProgram({
    core: PROXY_CORE,
    command: ['env', ...home, '/usr/bin/caddy', 'run', '--adapter', 'caddyfile', '--config', file],
    port,
    child: false,
  });
}

async function startNode(subject: string, { originPort, certificate }: Place): Promise<Running> {
  const port = await freePort();
  const script = join(import.meta.dirname, 'subjects', `${subject}.ts`);
  const pair = certificate === undefined ? [] : [certificate.certificate, certificate.key];
  return await startProgram({
    core: PROXY_CORE,
    command: [process.execPath, script, String(port), String(originPort), ...pair],
    port,
    child: false,
  });
}
