import type { Example } from '../example.ts';
import { labels } from './labels.ts';

export const traefikTlsAndTcp: readonly Example[] = [
  {
    what: 'HTTPS',
    source: 'expose/docker/basic.md, "Enable TLS"',
    containers: [
      {
        name: 'tk-tls-web',
        labels: labels(
          'traefik.enable=true',
          'traefik.http.routers.tk-tls.rule=Host(`tk-tls.docker.localhost`)',
          'traefik.http.routers.tk-tls.entrypoints=websecure',
          'traefik.http.routers.tk-tls.tls=true',
        ),
      },
      {
        name: 'tk-tls-api',
        labels: labels(
          'traefik.enable=true',
          'traefik.http.routers.tk-tls-api.rule=Host(`tk-tls.docker.localhost`) && PathPrefix(`/api`)',
          'traefik.http.routers.tk-tls-api.entrypoints=websecure',
          'traefik.http.routers.tk-tls-api.tls=true',
        ),
      },
    ],
    requests: [
      {
        host: 'tk-tls.docker.localhost',
        over: 'https',
        status: 200,
        from: 'tk-tls-web',
        seen: { headers: { 'x-forwarded-proto': 'https' } },
      },
      { host: 'tk-tls.docker.localhost', over: 'https', path: '/api', status: 200, from: 'tk-tls-api' },
      { host: 'tk-tls.docker.localhost', status: 404 },
    ],
    verdict: 'works',
  },
  {
    what: 'a certificate of an authority',
    source: 'expose/docker/advanced.md, "Generate Certificates with Let\'s Encrypt"',
    containers: [
      {
        name: 'tk-app',
        labels: labels(
          'traefik.http.routers.tk-resolver.rule=Host(`tk-resolver.example`)',
          'traefik.http.routers.tk-resolver.entrypoints=websecure',
          'traefik.http.routers.tk-resolver.tls.certresolver=le',
        ),
      },
    ],
    requests: [
      { host: 'tk-resolver.example', over: 'https', status: 200, from: 'tk-app' },
      { host: 'tk-resolver.example', status: 404 },
    ],
    verdict: 'works',
  },
  {
    what: 'replicas with a cookie that keeps clients where they are',
    source: 'expose/docker/advanced.md, "Configure Sticky Sessions"',
    containers: ['tk-sticky-1', 'tk-sticky-2'].map((name) => ({
      name,
      labels: labels(
        'traefik.http.routers.tk-sticky.rule=Host(`tk-sticky.example`)',
        'traefik.http.services.tk-sticky.loadbalancer.sticky.cookie=true',
        'traefik.http.services.tk-sticky.loadbalancer.sticky.cookie.name=sticky_cookie',
        'traefik.http.services.tk-sticky.loadbalancer.sticky.cookie.secure=true',
        'traefik.http.services.tk-sticky.loadbalancer.sticky.cookie.httpOnly=true',
        'traefik.http.services.tk-sticky.loadbalancer.server.port=80',
      ),
    })),
    requests: [
      {
        host: 'tk-sticky.example',
        over: 'https',
        status: 200,
        from: ['tk-sticky-1', 'tk-sticky-2'],
        sticks: true,
        answer: { 'set-cookie': /^sticky_cookie=.*; *HttpOnly.*; *Secure|^sticky_cookie=.*; *Secure.*; *HttpOnly/i },
      },
    ],
    verdict: 'works',
  },
  {
    what: 'a health check',
    source: 'routing-configuration/http/load-balancing/service.md',
    containers: [
      {
        name: 'tk-health',
        labels: labels(
          'traefik.http.routers.tk-health.rule=Host(`tk-health.example`)',
          'traefik.http.services.tk-health.loadbalancer.server.port=80',
          'traefik.http.services.tk-health.loadbalancer.healthcheck.path=/health',
          'traefik.http.services.tk-health.loadbalancer.healthcheck.interval=10s',
          'traefik.http.services.tk-health.loadbalancer.healthcheck.timeout=3s',
        ),
      },
    ],
    requests: [{ host: 'tk-health.example', status: 200, from: 'tk-health' }],
    verdict: 'works',
  },
  {
    what: 'raw TCP on an entry point of its own',
    source: 'routing-configuration/tcp/routing/rules-and-priority.md',
    containers: [
      {
        name: 'tk-tcp',
        env: { PORT: '5432' },
        labels: labels(
          'traefik.tcp.routers.tk-database.rule=HostSNI(`*`)',
          'traefik.tcp.routers.tk-database.entrypoints=tk-postgres',
          'traefik.tcp.services.tk-database.loadbalancer.server.port=5432',
        ),
      },
    ],
    connections: [{ port: 15_432, from: ['tk-tcp'] }],
    requests: [{ host: 'tk-tcp', status: 404 }],
    verdict: 'works',
  },
  {
    what: 'TCP by the name that TLS is for',
    source: 'routing-configuration/other-providers/docker.md, "Declaring TCP Routers with one Service"',
    containers: [
      {
        name: 'tk-sni',
        env: { PORT: '4123' },
        labels: labels(
          'traefik.tcp.routers.tk-my-router.rule=HostSNI(`tk-sni.example`)',
          'traefik.tcp.routers.tk-my-router.tls=true',
          'traefik.tcp.services.tk-my-service.loadbalancer.server.port=4123',
        ),
      },
    ],
    connections: [{ port: 'https', sni: 'tk-sni.example', from: ['tk-sni'] }],
    verdict: 'works',
  },
];
