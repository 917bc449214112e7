import type { Neighbour } from '../example.ts';

export const nginxProxy: Neighbour = {
  name: 'nginx-proxy',
  page: 'from-nginx-proxy.md',
  examples: [
    {
      what: 'a host',
      source: 'docs/README.md, "Usage"',
      containers: [{ name: 'np-host', env: { VIRTUAL_HOST: 'np-host.example' } }],
      requests: [{ host: 'np-host.example', status: 200, from: 'np-host' }],
      verdict: 'works',
    },
    {
      what: 'several hosts, and a wildcard',
      source: 'docs/README.md, "Multiple Hosts", "Wildcard Hosts"',
      containers: [{ name: 'np-hosts', env: { VIRTUAL_HOST: 'np-a.example, np-b.example, *.np-c.example' } }],
      requests: [
        { host: 'np-a.example', status: 200, from: 'np-hosts' },
        { host: 'np-b.example', status: 200, from: 'np-hosts' },
        { host: 'x.y.np-c.example', status: 200, from: 'np-hosts' },
        { host: 'np-c.example', status: 404 },
      ],
      verdict: 'works',
    },
    {
      what: 'a wildcard at the end, and a regular expression',
      source: 'docs/README.md, "Wildcard Hosts"',
      containers: [
        { name: 'np-tail', env: { VIRTUAL_HOST: 'np-foo.bar.*' } },
        { name: 'np-regex', env: { VIRTUAL_HOST: '~^np\\.bar\\..*\\.nip\\.io' } },
      ],
      requests: [
        { host: 'np-foo.bar.example', status: 200, from: 'np-tail' },
        { host: 'np-foo.bar', status: 404 },
        { host: 'np.bar.127.0.0.1.nip.io', status: 200, from: 'np-regex' },
      ],
      verdict: 'works',
    },
    {
      what: 'a port among several, and port 80 where none is said',
      source: 'docs/README.md, "Virtual Ports"',
      containers: [
        {
          name: 'np-port',
          expose: [9_000],
          env: { PORT: '80,9000', VIRTUAL_HOST: 'np-port.example', VIRTUAL_PORT: '9000' },
        },
        { name: 'np-port-80', expose: [9_000], env: { PORT: '80,9000', VIRTUAL_HOST: 'np-port-80.example' } },
      ],
      requests: [
        { host: 'np-port.example', status: 200, from: 'np-port', seen: { port: 9_000 } },
        { host: 'np-port-80.example', status: 200, from: 'np-port-80', seen: { port: 80 } },
      ],
      verdict: 'works',
    },
    {
      what: 'one host with several paths',
      source: 'docs/README.md, "Path-based Routing"',
      containers: [
        { name: 'np-root', env: { VIRTUAL_HOST: 'np-paths.example', VIRTUAL_PATH: '/' } },
        { name: 'np-api', env: { VIRTUAL_HOST: 'np-paths.example', VIRTUAL_PATH: '/api/v2/service' } },
        { name: 'np-either', env: { VIRTUAL_HOST: 'np-paths.example', VIRTUAL_PATH: '~^/(app1|alternative1)/' } },
      ],
      requests: [
        { host: 'np-paths.example', status: 200, from: 'np-root' },
        {
          host: 'np-paths.example',
          path: '/api/v2/services',
          status: 200,
          from: 'np-api',
          seen: { url: '/api/v2/services' },
        },
        { host: 'np-paths.example', path: '/alternative1/x', status: 200, from: 'np-either' },
      ],
      verdict: 'works',
    },
    {
      what: 'a path that the container does not see',
      source: 'docs/README.md, "VIRTUAL_DEST"',
      containers: [
        { name: 'np-dest', env: { VIRTUAL_HOST: 'np-dest.example', VIRTUAL_PATH: '/app1/', VIRTUAL_DEST: '/' } },
      ],
      requests: [
        { host: 'np-dest.example', path: '/app1/foo?q', status: 200, from: 'np-dest', seen: { url: '/foo?q' } },
        {
          host: 'np-dest.example',
          path: '/app1?q=1',
          status: 301,
          answer: { location: /\/app1\/\?q=1$/ },
        },
        { host: 'np-dest.example', path: '/other', status: 404 },
      ],
      verdict: 'works',
    },
    {
      what: 'several ports of one container, for several hosts',
      source: 'docs/README.md, "Multiple ports routed to different hostnames"',
      containers: [
        {
          name: 'np-multi',
          env: {
            PORT: '80,8000,9000',
            VIRTUAL_HOST_MULTIPORTS: [
              'np-www.example.org:',
              'np-service1.example.org:',
              '  "/":',
              '    port: 8000',
              'np-service2.example.org:',
              '  "/":',
              '    port: 9000',
            ].join('\n'),
          },
        },
      ],
      requests: [
        { host: 'np-www.example.org', status: 200, from: 'np-multi', seen: { port: 80 } },
        { host: 'np-service1.example.org', status: 200, from: 'np-multi', seen: { port: 8000 } },
        { host: 'np-service2.example.org', status: 200, from: 'np-multi', seen: { port: 9000 } },
      ],
      verdict: 'works',
    },
    {
      what: 'several ports of one container, for several paths, as JSON',
      source: 'docs/README.md, "Multiple ports routed to same hostname and different paths"',
      containers: [
        {
          name: 'np-multi-paths',
          env: {
            PORT: '80,8000,9443',
            VIRTUAL_HOST_MULTIPORTS: `{
  "np-multi.example.org": {
    "/": {},
    "/service1": { "port": 8000, "dest": "/" },
    "/service2": { "port": 9443, "proto": "http", "dest": "/" }
  }
}`,
          },
        },
      ],
      requests: [
        { host: 'np-multi.example.org', path: '/x', status: 200, seen: { url: '/x', port: 80 } },
        { host: 'np-multi.example.org', path: '/service1', status: 200, seen: { url: '/', port: 8000 } },
        { host: 'np-multi.example.org', path: '/service2', status: 200, seen: { url: '/', port: 9443 } },
      ],
      verdict: 'works',
    },
    {
      what: 'replicas, and an exact host before a wildcard',
      source: 'docs/README.md, "Upstream Server HTTP Load Balancing Support", "Wildcard Hosts"',
      containers: [
        { name: 'np-wild', env: { VIRTUAL_HOST: '*.np-exact.example' } },
        ...['np-exact-1', 'np-exact-2'].map((name) => ({ name, env: { VIRTUAL_HOST: 'app.np-exact.example' } })),
      ],
      requests: [
        { host: 'app.np-exact.example', status: 200, from: ['np-exact-1', 'np-exact-2'] },
        { host: 'other.np-exact.example', status: 200, from: 'np-wild' },
      ],
      verdict: 'works',
    },
    {
      what: 'headers that containers get',
      source: 'docs/README.md, "Headers"',
      containers: [{ name: 'np-headers', env: { VIRTUAL_HOST: 'np-headers.example' } }],
      requests: [
        {
          host: 'np-headers.example',
          headers: 'Proxy: evil\r\n',
          status: 200,
          seen: {
            headers: {
              host: 'np-headers.example',
              'x-real-ip': '127.0.0.1',
              'x-forwarded-for': '127.0.0.1',
              'x-forwarded-host': 'np-headers.example',
              'x-forwarded-proto': 'http',
              proxy: null,
              'x-forwarded-ssl': null,
              'x-original-uri': null,
            },
          },
        },
      ],
      verdict: 'differs',
      note: '`X-Forwarded-Ssl` and `X-Original-URI` are not sent: `X-Forwarded-Proto` and the request say the same',
    },
    {
      what: 'X-Forwarded headers of clients',
      source: 'docs/README.md, "Headers", "Trusting Downstream Proxy Headers"',
      containers: [{ name: 'np-trust', env: { VIRTUAL_HOST: 'np-trust.example' } }],
      requests: [
        {
          host: 'np-trust.example',
          headers: 'X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n',
          status: 200,
          seen: { headers: { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' } },
        },
      ],
      verdict: 'differs',
      note: 'nobody is believed but `trustedProxies` of dproxy.yml; nginx-proxy believes everybody',
    },
    {
      what: 'a host that nobody has',
      source: 'docs/README.md, "Default Host"',
      containers: [],
      requests: [{ host: 'np-nobody.example', status: 404 }],
      verdict: 'differs',
      note: '404, not 503; `defaultHost` in dproxy.yml is DEFAULT_HOST',
    },
    {
      what: 'a port outside of its own',
      source: 'docs/README.md, "Per-container external ports"',
      containers: [
        {
          name: 'np-external',
          env: { VIRTUAL_HOST: 'np-external.example', EXTERNAL_HTTP_PORT: '18448', HTTPS_METHOD: 'noredirect' },
        },
      ],
      requests: [
        { host: 'np-external.example', over: 'http:18448', status: 200, from: 'np-external' },
        { host: 'np-external.example', status: 404 },
      ],
      verdict: 'works',
    },
    {
      what: 'a site for internal networks',
      source: 'docs/README.md, "Internet vs. Local Network Access"',
      containers: [{ name: 'np-internal', env: { VIRTUAL_HOST: 'np-internal.example', NETWORK_ACCESS: 'internal' } }],
      requests: [{ host: 'np-internal.example', status: 200, from: 'np-internal' }],
      verdict: 'works',
    },
    {
      what: 'HTTPS only, and plain HTTP only',
      source: 'docs/README.md, "How SSL Support Works"',
      containers: [
        { name: 'np-nohttp', env: { VIRTUAL_HOST: 'np-nohttp.example', HTTPS_METHOD: 'nohttp' } },
        { name: 'np-nohttps', env: { VIRTUAL_HOST: 'np-nohttps.example', HTTPS_METHOD: 'nohttps' } },
      ],
      requests: [
        { host: 'np-nohttp.example', over: 'https', status: 200, from: 'np-nohttp' },
        { host: 'np-nohttp.example', status: 404 },
        { host: 'np-nohttps.example', status: 200, from: 'np-nohttps' },
      ],
      verdict: 'differs',
      note: 'without a certificate from outside `nohttp` stays HTTPS only, with one of the local CA',
    },
    {
      what: 'balancing by a directive of nginx',
      source: 'docs/README.md, "Upstream Server HTTP Load Balancing Support"',
      containers: [
        {
          name: 'np-balance',
          env: { VIRTUAL_HOST: 'np-balance.example' },
          labels: { 'com.github.nginx-proxy.nginx-proxy.loadbalance': 'hash $remote_addr;' },
        },
      ],
      requests: [{ host: 'np-balance.example', status: 200, from: 'np-balance' }],
      verdict: 'works',
    },
    {
      what: 'a FastCGI server',
      source: 'docs/README.md, "FastCGI Upstream"',
      containers: [{ name: 'np-fastcgi', env: { VIRTUAL_HOST: 'np-fastcgi.example', VIRTUAL_PROTO: 'fastcgi' } }],
      requests: [{ host: 'np-fastcgi.example', status: 404 }],
      rejected: ['VIRTUAL_PROTO=fastcgi: dproxy speaks HTTP with backends, not fastcgi'],
      verdict: 'refused',
      note: 'dproxy speaks HTTP with backends',
    },
    {
      what: 'a certificate by its name',
      source: 'docs/README.md, "SAN Certificates"',
      containers: [{ name: 'np-cert', env: { VIRTUAL_HOST: 'np-cert.example', CERT_NAME: 'shared' } }],
      requests: [{ host: 'np-cert.example', status: 200, from: 'np-cert' }],
      rejected: ['CERT_NAME=shared: certificates are chosen by the names in them'],
      verdict: 'differs',
      note: 'a shared certificate is found by the names in it, without being named',
    },
    {
      what: 'certificates by acme-companion',
      source: 'acme-companion docs/Basic-usage.md',
      containers: [
        {
          name: 'np-acme',
          env: {
            VIRTUAL_HOST: 'np-acme.example',
            LETSENCRYPT_HOST: 'np-acme.example',
            LETSENCRYPT_EMAIL: 'a@b.example',
          },
        },
      ],
      requests: [{ host: 'np-acme.example', status: 200, from: 'np-acme' }],
      rejected: ['LETSENCRYPT_EMAIL: not read from containers'],
      verdict: 'differs',
      note: 'one account for all: `acme.email` in dproxy.yml',
    },
  ],
};
