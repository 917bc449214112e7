import type { Neighbour } from '../example.ts';
import { labels } from './labels.ts';

const CONVERSION = 'README.md, "Labels to Caddyfile conversion"';
const EXAMPLES = 'README.md, "Examples"';

export const caddyDockerProxy: Neighbour = {
  name: 'caddy-docker-proxy',
  page: 'from-caddy-docker-proxy.md',
  examples: [
    {
      what: 'a site',
      source: 'README.md, "Basic usage example"',
      containers: [
        { name: 'cd-basic', labels: labels('caddy=cd-whoami.example', 'caddy.reverse_proxy={{upstreams 80}}') },
      ],
      requests: [
        {
          host: 'cd-whoami.example',
          over: 'https',
          status: 200,
          from: 'cd-basic',
          seen: { headers: { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'cd-whoami.example' } },
        },
      ],
      verdict: 'works',
    },
    {
      what: 'a site with a certificate of the local CA',
      source: 'README.md, "With run commands"',
      containers: [
        {
          name: 'cd-internal',
          labels: labels('caddy=cd-internal.example', 'caddy.reverse_proxy={{upstreams 80}}', 'caddy.tls=internal'),
        },
      ],
      requests: [{ host: 'cd-internal.example', over: 'https', status: 200, from: 'cd-internal' }],
      verdict: 'works',
    },
    {
      what: 'a site below a path of the container',
      source: EXAMPLES,
      containers: [
        {
          name: 'cd-target',
          labels: labels(
            'caddy=cd-target.example',
            'caddy.rewrite=* /target{path}',
            'caddy.reverse_proxy={{upstreams}}',
          ),
        },
      ],
      requests: [
        { host: 'cd-target.example', over: 'https', path: '/a', status: 200, seen: { url: '/target/a', port: 80 } },
      ],
      verdict: 'works',
    },
    {
      what: 'a path of a site, with and without its prefix, and with another one',
      source: EXAMPLES,
      containers: [
        {
          name: 'cd-handle',
          labels: labels(
            'caddy=cd-handle.example',
            'caddy.handle=/source/*',
            'caddy.handle.0_reverse_proxy={{upstreams}}',
          ),
        },
        {
          name: 'cd-handle-path',
          labels: labels(
            'caddy=cd-handle-path.example',
            'caddy.handle_path=/source/*',
            'caddy.handle_path.0_reverse_proxy={{upstreams}}',
          ),
        },
        {
          name: 'cd-handle-rewrite',
          labels: labels(
            'caddy=cd-handle-rewrite.example',
            'caddy.handle_path=/source/*',
            'caddy.handle_path.0_rewrite=* /target{uri}',
            'caddy.handle_path.1_reverse_proxy={{upstreams}}',
          ),
        },
      ],
      requests: [
        { host: 'cd-handle.example', over: 'https', path: '/source/x', status: 200, seen: { url: '/source/x' } },
        { host: 'cd-handle-path.example', over: 'https', path: '/source/x', status: 200, seen: { url: '/x' } },
        {
          host: 'cd-handle-rewrite.example',
          over: 'https',
          path: '/source/x?q',
          status: 200,
          seen: { url: '/target/x?q' },
        },
      ],
      verdict: 'works',
    },
    {
      what: 'what no directive answers',
      source: EXAMPLES,
      containers: [
        {
          name: 'cd-rest',
          labels: labels('caddy=cd-rest.example', 'caddy.handle=/source/*', 'caddy.handle.reverse_proxy={{upstreams}}'),
        },
      ],
      requests: [{ host: 'cd-rest.example', over: 'https', path: '/other', status: 404 }],
      verdict: 'differs',
      note: "404; Caddy's answer is an empty 200",
    },
    {
      what: 'WebSockets by a named matcher, and a path',
      source: EXAMPLES,
      containers: [
        {
          name: 'cd-ws',
          labels: labels(
            'caddy=cd-ws.example',
            'caddy.@ws.0_header=Connection *Upgrade*',
            'caddy.@ws.1_header=Upgrade websocket',
            'caddy.0_reverse_proxy=@ws {{upstreams}}',
            'caddy.1_reverse_proxy=/api* {{upstreams}}',
          ),
        },
      ],
      requests: [
        { host: 'cd-ws.example', over: 'https', path: '/apis', status: 200, from: 'cd-ws' },
        { host: 'cd-ws.example', over: 'https', path: '/other', status: 404 },
        {
          host: 'cd-ws.example',
          over: 'https',
          path: '/other',
          headers:
            'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nConnection: Upgrade\r\n',
          status: 101,
        },
      ],
      verdict: 'works',
    },
    {
      what: 'several domains',
      source: EXAMPLES,
      containers: [
        {
          name: 'cd-domains',
          labels: labels(
            'caddy=cd-a.example, cd-b.example, www.cd-a.example, www.cd-b.example',
            'caddy.reverse_proxy={{upstreams}}',
          ),
        },
      ],
      requests: ['cd-a.example', 'cd-b.example', 'www.cd-a.example', 'www.cd-b.example'].map((host) => ({
        host,
        over: 'https' as const,
        status: 200,
        from: 'cd-domains',
      })),
      verdict: 'works',
    },
    {
      what: 'redirects',
      source: EXAMPLES,
      containers: [
        {
          name: 'cd-redir',
          labels: labels(
            'caddy=cd-redir.example',
            'caddy.redir_0=/favicon.ico  /alternative/icon.ico 302',
            'caddy.redir_1=/photo.png    /updated-photo.png    302',
          ),
        },
      ],
      requests: [
        {
          host: 'cd-redir.example',
          over: 'https',
          path: '/favicon.ico',
          status: 302,
          answer: { location: '/alternative/icon.ico' },
        },
        {
          host: 'cd-redir.example',
          over: 'https',
          path: '/photo.png',
          status: 302,
          answer: { location: '/updated-photo.png' },
        },
      ],
      verdict: 'works',
    },
    {
      what: 'a fixed answer',
      source: `${CONVERSION}, "Tokens and arguments"`,
      containers: [
        { name: 'cd-respond', labels: labels('caddy=cd-respond.example', 'caddy.respond=/ "Hello World" 200') },
      ],
      requests: [{ host: 'cd-respond.example', over: 'https', status: 200, body: 'Hello World' }],
      verdict: 'works',
    },
    {
      what: 'several sites of one container, with a snippet',
      source: `${CONVERSION}, "Sites, snippets and global options"`,
      containers: [
        {
          name: 'cd-snippet',
          labels: labels(
            'caddy_0=(cd-snippet)',
            'caddy_0.tls=internal',
            'caddy_0.header=X-Snippet yes',
            'caddy_1=cd-site-a.example',
            'caddy_1.import=cd-snippet',
            'caddy_1.reverse_proxy={{upstreams 80}}',
            'caddy_2=cd-site-b.example',
            'caddy_2.import=cd-snippet',
            'caddy_2.respond="b" 200',
          ),
        },
        {
          name: 'cd-importer',
          labels: labels(
            'caddy=cd-importer.example',
            'caddy.import=cd-snippet',
            'caddy.reverse_proxy={{upstreams 80}}',
          ),
        },
      ],
      requests: [
        {
          host: 'cd-site-a.example',
          over: 'https',
          status: 200,
          from: 'cd-snippet',
          answer: { 'x-snippet': 'yes' },
        },
        { host: 'cd-site-b.example', over: 'https', status: 200, body: 'b', answer: { 'x-snippet': 'yes' } },
        {
          host: 'cd-importer.example',
          over: 'https',
          status: 200,
          from: 'cd-importer',
          answer: { 'x-snippet': 'yes' },
        },
      ],
      verdict: 'works',
    },
    {
      what: 'a route with a matcher, in the order of its numbers',
      source: 'examples/standalone.yaml',
      containers: [
        {
          name: 'cd-echo',
          labels: labels(
            'caddy=cd-echo.example',
            'caddy.@match.path=/sourcepath /sourcepath/*',
            'caddy.route=@match',
            'caddy.route.0_uri=strip_prefix /sourcepath',
            'caddy.route.1_rewrite=* /targetpath{path}',
            'caddy.route.2_reverse_proxy={{upstreams 80}}',
            'caddy.tls=internal',
          ),
        },
      ],
      requests: [
        {
          host: 'cd-echo.example',
          over: 'https',
          path: '/sourcepath/something',
          status: 200,
          seen: { url: '/targetpath/something' },
        },
      ],
      verdict: 'works',
    },
    {
      what: 'one site on several containers',
      source: 'tests/standalone/compose.yaml',
      containers: ['cd-replica-1', 'cd-replica-2'].map((name) => ({
        name,
        labels: labels('caddy=cd-replicas.example', 'caddy.reverse_proxy={{upstreams 80}}', 'caddy.tls=internal'),
      })),
      requests: [{ host: 'cd-replicas.example', over: 'https', status: 200, from: ['cd-replica-1', 'cd-replica-2'] }],
      verdict: 'works',
    },
    {
      what: 'a site with a port of its own, one for plain HTTP, and a wildcard',
      source: 'caddyserver.com, "Caddyfile Concepts", "Addresses"',
      containers: [
        {
          name: 'cd-addresses',
          labels: labels(
            'caddy_0=cd-port.example:18443',
            'caddy_0.reverse_proxy={{upstreams 80}}',
            'caddy_1=http://cd-plain.example',
            'caddy_1.reverse_proxy={{upstreams 80}}',
            'caddy_2=*.cd-star.example',
            'caddy_2.reverse_proxy={{upstreams 80}}',
          ),
        },
      ],
      requests: [
        { host: 'cd-port.example', over: 'https:18443', status: 200, from: 'cd-addresses' },
        { host: 'cd-port.example', status: 404 },
        { host: 'cd-plain.example', status: 200, from: 'cd-addresses' },
        { host: 'foo.cd-star.example', over: 'https', status: 200, from: 'cd-addresses' },
        { host: 'foo.cd-star.example', over: 'http', status: 200, from: 'cd-addresses' },
        { host: 'foo.bar.cd-star.example', over: 'http', status: 404 },
      ],
      verdict: 'differs',
      note: 'without a certificate that clients trust a site answers over plain HTTP, too, and is not sent to HTTPS',
    },
    {
      what: 'a password',
      source: 'caddyserver.com, "basic_auth"',
      containers: [
        {
          name: 'cd-auth',
          labels: labels(
            'caddy=cd-auth.example',
            'caddy.basic_auth=/secret/*',
            'caddy.basic_auth.Bob=$2a$14$Zkx19XLiW6VYouLHR5NmfOFU0z2GTNmpkT/5qqR7hx4IjWJPDhjvG',
            'caddy.reverse_proxy={{upstreams 80}}',
          ),
        },
      ],
      requests: [
        { host: 'cd-auth.example', over: 'https', status: 200, from: 'cd-auth' },
        { host: 'cd-auth.example', over: 'https', path: '/secret/x', status: 401 },
      ],
      verdict: 'works',
    },
    {
      what: 'global options',
      source: `${CONVERSION}, "Sites, snippets and global options"`,
      containers: [{ name: 'cd-global', labels: labels('caddy.email=you@example.com') }],
      rejected: ['caddy.email'],
      verdict: 'refused',
      note: 'a container does not change it for all others: `acme.email` in dproxy.yml',
    },
    {
      what: 'Go templates',
      source: 'README.md, "Go templates"',
      containers: [
        {
          name: 'cd-template',
          labels: labels('caddy=cd-template.example', 'caddy.respond=/info "{{index .Names 0}}"'),
        },
      ],
      requests: [{ host: 'cd-template.example', path: '/info', status: 404 }],
      rejected: ['caddy.respond'],
      verdict: 'refused',
      note: '`{{upstreams}}` alone is understood',
    },
    {
      what: 'another server than the container',
      source: `${CONVERSION}, "Sites, snippets and global options"`,
      containers: [
        {
          name: 'cd-elsewhere',
          labels: labels(
            'caddy=cd-elsewhere.example',
            'caddy.@match.path=/sourcepath /sourcepath/*',
            'caddy.reverse_proxy=@match localhost:6001',
          ),
        },
      ],
      requests: [{ host: 'cd-elsewhere.example', path: '/sourcepath', status: 404 }],
      rejected: ['caddy.reverse_proxy'],
      verdict: 'refused',
      note: 'a container does not decide where else dproxy connects: a route in dproxy.yml',
    },
  ],
};
