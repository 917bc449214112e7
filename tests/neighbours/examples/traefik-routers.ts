import type { Example } from '../example.ts';
import { labels } from './labels.ts';

const DOCKER = 'routing-configuration/other-providers/docker.md';
const RULES = 'routing-configuration/http/routing/rules-and-priority.md';

/** Rules of one container, each with a path of its own before what was asked for. */
function ruleLabels(rules: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return labels(
    ...Object.entries(rules).flatMap(([name, rule]) => [
      `traefik.http.routers.${name}.rule=${rule}`,
      `traefik.http.routers.${name}.middlewares=${name}`,
      `traefik.http.middlewares.${name}.addprefix.prefix=/${name}`,
    ]),
  );
}

export const traefikRouters: readonly Example[] = [
  {
    what: 'a router for a host',
    source: 'getting-started/docker.md',
    containers: [
      { name: 'tk-rules', labels: labels('traefik.http.routers.tk-whoami.rule=Host(`tk-whoami.docker.localhost`)') },
    ],
    requests: [
      {
        host: 'tk-whoami.docker.localhost',
        status: 200,
        from: 'tk-rules',
        seen: {
          headers: {
            'x-forwarded-host': 'tk-whoami.docker.localhost',
            'x-forwarded-proto': 'http',
            'x-forwarded-for': '127.0.0.1',
            'x-real-ip': '127.0.0.1',
          },
        },
      },
      { host: 'TK-WHOAMI.docker.localhost', status: 200, from: 'tk-rules' },
    ],
    verdict: 'works',
  },
  {
    what: 'a path of the same host on another container',
    source: 'expose/docker/basic.md',
    containers: [
      {
        name: 'tk-basic-web',
        labels: labels(
          'traefik.enable=true',
          'traefik.http.routers.tk-basic.rule=Host(`tk-basic.docker.localhost`)',
          'traefik.http.routers.tk-basic.entrypoints=web',
        ),
      },
      {
        name: 'tk-basic-api',
        labels: labels(
          'traefik.enable=true',
          'traefik.http.routers.tk-basic-api.rule=Host(`tk-basic.docker.localhost`) && PathPrefix(`/api`)',
          'traefik.http.routers.tk-basic-api.entrypoints=web',
        ),
      },
    ],
    requests: [
      { host: 'tk-basic.docker.localhost', status: 200, from: 'tk-basic-web' },
      { host: 'tk-basic.docker.localhost', path: '/api', status: 200, from: 'tk-basic-api' },
      { host: 'tk-basic.docker.localhost', path: '/api-docs', status: 200, from: 'tk-basic-api' },
      { host: 'tk-basic.docker.localhost', over: 'https', status: 404 },
    ],
    verdict: 'works',
  },
  {
    what: 'a port of its own',
    source: `${DOCKER}, "Specify a Custom Port for the Container"`,
    containers: [
      {
        name: 'tk-port',
        env: { PORT: '12345' },
        labels: labels(
          'traefik.http.routers.tk-port.rule=Host(`tk-port.example`)',
          'traefik.http.services.tk-port-service.loadbalancer.server.port=12345',
        ),
      },
    ],
    requests: [{ host: 'tk-port.example', status: 200, from: 'tk-port', seen: { port: 12_345 } }],
    verdict: 'works',
  },
  {
    what: 'the lowest of several ports',
    source: `${DOCKER}, "Specify a Custom Port for the Container"`,
    containers: [
      {
        name: 'tk-lowest',
        env: { PORT: '80,8080' },
        expose: [8080],
        labels: labels('traefik.http.routers.tk-lowest.rule=Host(`tk-lowest.example`)'),
      },
    ],
    requests: [{ host: 'tk-lowest.example', status: 200, from: 'tk-lowest', seen: { port: 80 } }],
    verdict: 'works',
  },
  {
    what: 'several routers and services of one container',
    source: `${DOCKER}, "Specifying more than one router and service per container"`,
    containers: [
      {
        name: 'tk-two',
        env: { PORT: '8000,9000' },
        labels: labels(
          'traefik.http.routers.tk-www-router.rule=Host(`tk-example-a.example`)',
          'traefik.http.routers.tk-www-router.service=tk-www-service',
          'traefik.http.services.tk-www-service.loadbalancer.server.port=8000',
          'traefik.http.routers.tk-admin-router.rule=Host(`tk-example-b.example`)',
          'traefik.http.routers.tk-admin-router.service=tk-admin-service',
          'traefik.http.services.tk-admin-service.loadbalancer.server.port=9000',
        ),
      },
    ],
    requests: [
      { host: 'tk-example-a.example', status: 200, from: 'tk-two', seen: { port: 8000 } },
      { host: 'tk-example-b.example', status: 200, from: 'tk-two', seen: { port: 9000 } },
    ],
    verdict: 'works',
  },
  {
    what: 'the default rule of a container that names no router',
    source: `${DOCKER}, "General"`,
    containers: [{ name: 'tk-default', labels: labels('traefik.enable=true') }],
    requests: [{ host: 'tk-default', status: 200, from: 'tk-default' }],
    verdict: 'works',
  },
  {
    what: 'a container that is hidden',
    source: `${DOCKER}, "Specific Provider Options"`,
    containers: [
      {
        name: 'tk-hidden',
        labels: labels('traefik.enable=false', 'traefik.http.routers.tk-hidden.rule=Host(`tk-hidden.example`)'),
      },
    ],
    requests: [{ host: 'tk-hidden.example', status: 404 }],
    verdict: 'works',
  },
  {
    what: 'rules for paths',
    source: `${RULES}, "Path, PathPrefix, and PathRegexp"`,
    containers: [
      {
        name: 'tk-rules',
        labels: ruleLabels({
          'tk-path': 'Host(`tk-path.example`) && Path(`/products`)',
          'tk-prefix': 'Host(`tk-prefix.example`) && PathPrefix(`/products`)',
          'tk-pathexp': 'Host(`tk-pathexp.example`) && PathRegexp(`^/products/(shoes|socks)/[0-9]+$`)',
          'tk-images': 'Host(`tk-pathexp.example`) && PathRegexp(`\\.(jpeg|jpg|png)$`)',
          'tk-anycase': 'Host(`tk-anycase.example`) && PathRegexp(`(?i)^/products`)',
        }),
      },
    ],
    requests: [
      { host: 'tk-path.example', path: '/products', status: 200, seen: { url: '/tk-path/products' } },
      { host: 'tk-path.example', path: '/products/', status: 404 },
      { host: 'tk-path.example', path: '/products/shoes', status: 404 },
      { host: 'tk-prefix.example', path: '/products', status: 200 },
      { host: 'tk-prefix.example', path: '/products/shoes', status: 200 },
      { host: 'tk-prefix.example', path: '/products-for-sale', status: 200 },
      { host: 'tk-prefix.example', path: '/product', status: 404 },
      {
        host: 'tk-pathexp.example',
        path: '/products/shoes/31',
        status: 200,
        seen: { url: '/tk-pathexp/products/shoes/31' },
      },
      { host: 'tk-pathexp.example', path: '/products/hats/31', status: 404 },
      { host: 'tk-pathexp.example', path: '/a/cat.jpg', status: 200, seen: { url: '/tk-images/a/cat.jpg' } },
      { host: 'tk-anycase.example', path: '/PRODUCTS-for-sale', status: 200 },
    ],
    verdict: 'works',
  },
  {
    what: 'rules for headers, methods and queries',
    source: `${RULES}, "Header and HeaderRegexp", "Method", "Query and QueryRegexp"`,
    containers: [
      {
        name: 'tk-rules',
        labels: ruleLabels({
          'tk-yaml': 'Host(`tk-m.example`) && Header(`Content-Type`, `application/yaml`)',
          'tk-json': 'Host(`tk-m.example`) && HeaderRegexp(`Content-Type`, `^application/(json|toml)$`)',
          'tk-options': 'Host(`tk-m.example`) && Method(`OPTIONS`)',
          'tk-mobile': 'Host(`tk-m.example`) && Query(`mobile`, `true`)',
          'tk-flag': 'Host(`tk-m.example`) && QueryRegexp(`flag`, `(?i)^(true|yes)$`)',
        }),
      },
    ],
    requests: [
      { host: 'tk-m.example', headers: 'Content-Type: application/yaml\r\n', status: 200, seen: { url: '/tk-yaml/' } },
      { host: 'tk-m.example', headers: 'Content-Type: application/json\r\n', status: 200, seen: { url: '/tk-json/' } },
      { host: 'tk-m.example', headers: 'Content-Type: text/plain\r\n', status: 404 },
      { host: 'tk-m.example', method: 'OPTIONS', status: 200, seen: { url: '/tk-options/' } },
      {
        host: 'tk-m.example',
        path: '/search?mobile=true',
        status: 200,
        seen: { url: '/tk-mobile/search?mobile=true' },
      },
      { host: 'tk-m.example', path: '/search?mobile=false', status: 404 },
      { host: 'tk-m.example', path: '/?flag=YES', status: 200, seen: { url: '/tk-flag/?flag=YES' } },
      { host: 'tk-m.example', status: 404 },
    ],
    verdict: 'works',
  },
  {
    what: 'rules for hosts, with wildcards, expressions, `||`, `!` and parentheses',
    source: `${RULES}, "Host and HostRegexp", "Rules"`,
    containers: [
      {
        name: 'tk-rules',
        labels: ruleLabels({
          'tk-star': 'Host(`*.tk-star.example`)',
          'tk-regex': 'HostRegexp(`^.+\\.tk-regex\\.example$`)',
          'tk-either': 'HostRegexp(`^tk-either\\.(com|org)$`)',
          'tk-or': '(Host(`tk-or-a.example`) || Host(`tk-or-b.example`)) && !PathPrefix(`/private`)',
        }),
      },
    ],
    requests: [
      { host: 'foo.tk-star.example', status: 200, seen: { url: '/tk-star/' } },
      { host: 'foo.bar.tk-star.example', status: 404 },
      { host: 'tk-star.example', status: 404 },
      { host: 'foo.bar.tk-regex.example', status: 200, seen: { url: '/tk-regex/' } },
      { host: 'tk-either.org', status: 200, seen: { url: '/tk-either/' } },
      { host: 'tk-either.net', status: 404 },
      { host: 'tk-or-b.example', path: '/x', status: 200, seen: { url: '/tk-or/x' } },
      { host: 'tk-or-a.example', path: '/private/x', status: 404 },
    ],
    verdict: 'works',
  },
  {
    what: 'rules for addresses of clients',
    source: `${RULES}, "ClientIP"`,
    containers: [
      {
        name: 'tk-rules',
        labels: ruleLabels({
          'tk-lan': 'Host(`tk-client.example`) && ClientIP(`192.168.1.0/24`)',
          'tk-loop': 'Host(`tk-client.example`) && ClientIP(`127.0.0.1`)',
        }),
      },
    ],
    requests: [
      {
        host: 'tk-client.example',
        headers: 'X-Forwarded-For: 192.168.1.7\r\n',
        status: 200,
        seen: { url: '/tk-loop/' },
      },
    ],
    verdict: 'works',
  },
  {
    what: 'the priority of routers',
    source: `${RULES}, "Priority Calculation"`,
    containers: [
      {
        name: 'tk-priority',
        env: { PORT: '8001,8002' },
        labels: labels(
          'traefik.http.routers.tk-Router-1.rule=HostRegexp(`[a-z]+\\.tk-priority\\.example`)',
          'traefik.http.routers.tk-Router-1.entryPoints=web',
          'traefik.http.routers.tk-Router-1.service=tk-service-1',
          'traefik.http.routers.tk-Router-1.priority=1',
          'traefik.http.services.tk-service-1.loadbalancer.server.port=8001',
          'traefik.http.routers.tk-Router-2.rule=Host(`foobar.tk-priority.example`)',
          'traefik.http.routers.tk-Router-2.entryPoints=web',
          'traefik.http.routers.tk-Router-2.service=tk-service-2',
          'traefik.http.routers.tk-Router-2.priority=2',
          'traefik.http.services.tk-service-2.loadbalancer.server.port=8002',
        ),
      },
    ],
    requests: [
      { host: 'foobar.tk-priority.example', status: 200, seen: { port: 8002 } },
      { host: 'other.tk-priority.example', status: 200, seen: { port: 8001 } },
    ],
    verdict: 'works',
  },
  {
    what: 'an expression that is longer than the name of a host',
    source: `${RULES}, "How default priorities are computed"`,
    containers: [
      {
        name: 'tk-rules',
        labels: ruleLabels({
          'tk-Long': 'HostRegexp(`[a-z]+\\.tk-length\\.example`)',
          'tk-Short': 'Host(`foobar.tk-length.example`)',
        }),
      },
    ],
    requests: [{ host: 'foobar.tk-length.example', status: 200, seen: { url: '/tk-Short/' } }],
    verdict: 'differs',
    note: 'a host that is named comes before expressions, whatever their length and priority',
  },
  {
    what: 'the syntax of Traefik 2',
    source: `${RULES}, "RuleSyntax"`,
    containers: [
      {
        name: 'tk-v2',
        labels: labels(
          'traefik.http.routers.tk-Router-v2.rule=HostRegexp(`{subdomain:[a-z]+}.tk-v2.example`)',
          'traefik.http.routers.tk-Router-v2.ruleSyntax=v2',
          'traefik.http.routers.tk-Router-list.rule=Host(`tk-v2-a.example`, `tk-v2-b.example`)',
        ),
      },
    ],
    requests: [
      { host: 'foo.tk-v2.example', status: 404 },
      { host: 'tk-v2-b.example', status: 200, from: 'tk-v2' },
    ],
    rejected: [/tk-router-v2\.rule/i],
    verdict: 'differs',
    note: 'several hosts in one Host are taken; `{name:pattern}` is refused: HostRegexp in the syntax of Traefik 3',
  },
  {
    what: 'labels of Traefik 1',
    source: 'migrate/v1-to-v2.md',
    containers: [{ name: 'tk-v1', labels: labels('traefik.frontend.rule=Host:tk-v1.example') }],
    requests: [{ host: 'tk-v1.example', status: 404 }],
    rejected: ['traefik.frontend.rule'],
    verdict: 'refused',
    note: 'Traefik 3 does not read them either; what to write instead is said',
  },
  {
    what: 'one name for different routers on two containers',
    source: `${DOCKER}, "Conflicts in Declaration"`,
    containers: [
      { name: 'tk-first', labels: labels('traefik.http.routers.tk-same.rule=Host(`tk-first.example`)') },
      { name: 'tk-second', labels: labels('traefik.http.routers.tk-same.rule=Host(`tk-second.example`)') },
    ],
    requests: [
      { host: 'tk-first.example', status: 200 },
      { host: 'tk-second.example', status: 404 },
    ],
    rejected: [/tk-same/],
    verdict: 'differs',
    note: 'the oldest container holds; Traefik takes none of them',
  },
  {
    what: "Traefik's own dashboard",
    source: 'expose/docker/basic.md',
    containers: [
      {
        name: 'tk-traefik',
        labels: labels(
          'traefik.enable=true',
          'traefik.http.routers.tk-dashboard.rule=Host(`tk-dashboard.docker.localhost`)',
          'traefik.http.routers.tk-dashboard.service=api@internal',
        ),
      },
    ],
    requests: [{ host: 'tk-dashboard.docker.localhost', status: 404 }],
    rejected: ['api@internal'],
    verdict: 'refused',
    note: 'a container does not get the API of dproxy: `/stats`, `/routes` and `/explain` of the admin API, on this machine only',
  },
];
