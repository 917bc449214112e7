import type { Example } from '../example.ts';
import { labels } from './labels.ts';

const M = 'routing-configuration/http/middlewares';
/** Of the documents: test and test2, each its own password. */
const USERS = 'test:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/,test2:$apr1$d9hr9HBB$4HxwgUir3HP4EsggP/QNo0';
const basic = (login: string): string => `Authorization: Basic ${Buffer.from(login).toString('base64')}\r\n`;

export const traefikMiddlewares: readonly Example[] = [
  {
    what: 'a password',
    source: `${M}/basicauth.md`,
    containers: [
      {
        name: 'tk-app',
        labels: labels(
          'traefik.http.routers.tk-auth.rule=Host(`tk-auth.example`)',
          'traefik.http.routers.tk-auth.middlewares=tk-test-auth',
          `traefik.http.middlewares.tk-test-auth.basicauth.users=${USERS}`,
        ),
      },
    ],
    requests: [
      { host: 'tk-auth.example', status: 401, answer: { 'www-authenticate': /^Basic realm="traefik"/ } },
      { host: 'tk-auth.example', headers: basic('test:wrong'), status: 401 },
      {
        host: 'tk-auth.example',
        headers: basic('test:test'),
        status: 200,
        from: 'tk-app',
        seen: { headers: { authorization: basic('test:test').slice('Authorization: '.length).trim() } },
      },
      { host: 'tk-auth.example', headers: basic('test2:test2'), status: 200, from: 'tk-app' },
    ],
    verdict: 'works',
  },
  {
    what: 'a middleware that another container defines',
    source: `${M}/overview.md`,
    containers: [
      {
        name: 'tk-definer',
        labels: labels(
          'traefik.enable=true',
          'traefik.http.routers.tk-definer.rule=Host(`tk-definer.example`)',
          `traefik.http.middlewares.tk-shared-auth.basicauth.users=${USERS}`,
        ),
      },
      {
        name: 'tk-app',
        labels: labels(
          'traefik.http.routers.tk-user.rule=Host(`tk-user.example`)',
          'traefik.http.routers.tk-user.middlewares=tk-shared-auth@docker',
        ),
      },
    ],
    requests: [
      { host: 'tk-user.example', status: 401 },
      { host: 'tk-user.example', headers: basic('test:test'), status: 200, from: 'tk-app' },
      { host: 'tk-definer.example', status: 200, from: 'tk-definer' },
    ],
    verdict: 'works',
  },
  {
    what: 'a middleware that nobody defines',
    source: `${M}/overview.md`,
    containers: [
      {
        name: 'tk-missing',
        labels: labels(
          'traefik.http.routers.tk-missing.rule=Host(`tk-missing.example`)',
          'traefik.http.routers.tk-missing.middlewares=tk-nowhere@file',
        ),
      },
    ],
    requests: [{ host: 'tk-missing.example', status: 503 }],
    rejected: ['tk-nowhere@file'],
    verdict: 'differs',
    note: '503: Traefik drops the router, and a wider one may serve its paths without protection. `labels:` in dproxy.yml defines what was in files',
  },
  {
    what: 'a server that is asked whether a request may pass',
    source: `${M}/forwardauth.md`,
    containers: [
      { name: 'tk-asked', labels: labels('traefik.http.routers.tk-asked.rule=Host(`tk-asked.example`)') },
      {
        name: 'tk-app',
        labels: labels(
          'traefik.http.routers.tk-open.rule=Host(`tk-forward-open.example`)',
          'traefik.http.routers.tk-open.middlewares=tk-open',
          'traefik.http.middlewares.tk-open.forwardauth.address=http://tk-asked/auth',
          'traefik.http.routers.tk-shut.rule=Host(`tk-forward-shut.example`)',
          'traefik.http.routers.tk-shut.middlewares=tk-shut',
          'traefik.http.middlewares.tk-shut.forwardauth.address=http://tk-asked/status/403',
        ),
      },
    ],
    requests: [
      { host: 'tk-forward-open.example', status: 200, from: 'tk-app' },
      { host: 'tk-forward-shut.example', status: 403 },
    ],
    verdict: 'works',
  },
  {
    what: 'digest authentication',
    source: `${M}/digestauth.md`,
    containers: [
      {
        name: 'tk-digest',
        labels: labels(
          'traefik.http.routers.tk-digest.rule=Host(`tk-digest.example`)',
          'traefik.http.routers.tk-digest.middlewares=tk-digest',
          'traefik.http.middlewares.tk-digest.digestauth.users=test:traefik:a2688e031edb4be6a3797f3882655c05',
        ),
      },
    ],
    requests: [{ host: 'tk-digest.example', status: 503 }],
    rejected: ['digestauth'],
    verdict: 'refused',
    note: 'MD5 of passwords: basicauth over HTTPS, or forwardauth',
  },
  {
    what: 'clients by address',
    source: `${M}/ipallowlist.md`,
    containers: [
      {
        name: 'tk-app',
        labels: labels(
          'traefik.http.routers.tk-allow.rule=Host(`tk-allow.example`)',
          'traefik.http.routers.tk-allow.middlewares=tk-test-ipallowlist',
          'traefik.http.middlewares.tk-test-ipallowlist.ipallowlist.sourcerange=127.0.0.1/32, 192.168.1.7',
          'traefik.http.routers.tk-others.rule=Host(`tk-others.example`)',
          'traefik.http.routers.tk-others.middlewares=tk-others',
          'traefik.http.middlewares.tk-others.ipallowlist.sourcerange=192.168.1.7',
        ),
      },
    ],
    requests: [
      { host: 'tk-allow.example', status: 200, from: 'tk-app' },
      { host: 'tk-others.example', headers: 'X-Forwarded-For: 192.168.1.7\r\n', status: 403 },
    ],
    verdict: 'works',
  },
  {
    what: 'a limit of the rate',
    source: `${M}/ratelimit.md`,
    containers: [
      {
        name: 'tk-app',
        labels: labels(
          'traefik.http.routers.tk-rate.rule=Host(`tk-rate.example`)',
          'traefik.http.routers.tk-rate.middlewares=tk-test-ratelimit',
          'traefik.http.middlewares.tk-test-ratelimit.ratelimit.average=1',
          'traefik.http.middlewares.tk-test-ratelimit.ratelimit.period=1h',
          'traefik.http.middlewares.tk-test-ratelimit.ratelimit.burst=2',
        ),
      },
    ],
    requests: [
      { host: 'tk-rate.example', status: 200 },
      { host: 'tk-rate.example', eventually: true, status: 429, answer: { 'retry-after': /^\d+$/ } },
    ],
    verdict: 'works',
  },
  {
    what: 'headers of requests and answers, and security headers',
    source: `${M}/headers.md`,
    containers: [
      {
        name: 'tk-app',
        labels: labels(
          'traefik.http.routers.tk-headers.rule=Host(`tk-headers.example`)',
          'traefik.http.routers.tk-headers.middlewares=tk-testHeader,tk-secure',
          'traefik.http.middlewares.tk-testHeader.headers.customrequestheaders.X-Script-Name=test',
          'traefik.http.middlewares.tk-testHeader.headers.customrequestheaders.X-Custom-Request-Header=',
          'traefik.http.middlewares.tk-testHeader.headers.customresponseheaders.X-Custom-Response-Header=value',
          'traefik.http.middlewares.tk-secure.headers.framedeny=true',
          'traefik.http.middlewares.tk-secure.headers.browserxssfilter=true',
          'traefik.http.middlewares.tk-secure.headers.contentTypeNosniff=true',
        ),
      },
    ],
    requests: [
      {
        host: 'tk-headers.example',
        headers: 'X-Custom-Request-Header: from outside\r\n',
        status: 200,
        answer: {
          'x-custom-response-header': 'value',
          'x-frame-options': 'DENY',
          'x-xss-protection': '1; mode=block',
          'x-content-type-options': 'nosniff',
        },
        seen: { headers: { 'x-script-name': 'test', 'x-custom-request-header': null } },
      },
    ],
    verdict: 'works',
  },
  {
    what: 'other origins (CORS)',
    source: `${M}/headers.md, "CORS Headers"`,
    containers: [
      {
        name: 'tk-app',
        labels: labels(
          'traefik.http.routers.tk-cors.rule=Host(`tk-cors.example`)',
          'traefik.http.routers.tk-cors.middlewares=tk-cors',
          'traefik.http.middlewares.tk-cors.headers.accesscontrolallowmethods=GET,OPTIONS,PUT',
          'traefik.http.middlewares.tk-cors.headers.accesscontrolallowheaders=*',
          'traefik.http.middlewares.tk-cors.headers.accesscontrolalloworiginlist=https://foo.bar.org,https://example.org',
          'traefik.http.middlewares.tk-cors.headers.accesscontrolmaxage=100',
          'traefik.http.middlewares.tk-cors.headers.addvaryheader=true',
        ),
      },
    ],
    requests: [
      {
        host: 'tk-cors.example',
        headers: 'Origin: https://foo.bar.org\r\n',
        status: 200,
        answer: { 'access-control-allow-origin': 'https://foo.bar.org', vary: /origin/i },
      },
      {
        host: 'tk-cors.example',
        headers: 'Origin: https://elsewhere.org\r\n',
        status: 200,
        answer: { 'access-control-allow-origin': null },
      },
    ],
    verdict: 'works',
  },
  {
    what: 'paths that the container does not see, or sees differently',
    source: `${M}/stripprefix.md, stripprefixregex.md, addprefix.md, replacepath.md, replacepathregex.md`,
    containers: [
      {
        name: 'tk-app',
        labels: labels(
          'traefik.http.routers.tk-strip.rule=Host(`tk-strip.example`)',
          'traefik.http.routers.tk-strip.middlewares=tk-test-stripprefix',
          'traefik.http.middlewares.tk-test-stripprefix.stripprefix.prefixes=/foobar,/fiibar',
          'traefik.http.routers.tk-stripre.rule=Host(`tk-stripre.example`)',
          'traefik.http.routers.tk-stripre.middlewares=tk-test-stripprefixregex',
          'traefik.http.middlewares.tk-test-stripprefixregex.stripprefixregex.regex=/foo/[a-z0-9]+/[0-9]+/',
          'traefik.http.routers.tk-add.rule=Host(`tk-add.example`)',
          'traefik.http.routers.tk-add.middlewares=tk-add-foo',
          'traefik.http.middlewares.tk-add-foo.addprefix.prefix=/foo',
          'traefik.http.routers.tk-replace.rule=Host(`tk-replace.example`)',
          'traefik.http.routers.tk-replace.middlewares=tk-test-replacepath',
          'traefik.http.middlewares.tk-test-replacepath.replacepath.path=/foo',
          'traefik.http.routers.tk-replacere.rule=Host(`tk-replacere.example`)',
          'traefik.http.routers.tk-replacere.middlewares=tk-test-replacepathregex',
          'traefik.http.middlewares.tk-test-replacepathregex.replacepathregex.regex=^/foo/(.*)',
          'traefik.http.middlewares.tk-test-replacepathregex.replacepathregex.replacement=/bar/$1',
        ),
      },
    ],
    requests: [
      {
        host: 'tk-strip.example',
        path: '/fiibar/x?q',
        status: 200,
        seen: { url: '/x?q', headers: { 'x-forwarded-prefix': '/fiibar' } },
      },
      { host: 'tk-strip.example', path: '/foobar', status: 200, seen: { url: '/' } },
      { host: 'tk-stripre.example', path: '/foo/abc/12/x', status: 200, seen: { url: '/x' } },
      { host: 'tk-add.example', path: '/bar', status: 200, seen: { url: '/foo/bar' } },
      {
        host: 'tk-replace.example',
        path: '/bar?q',
        status: 200,
        seen: { url: '/foo?q', headers: { 'x-replaced-path': '/bar' } },
      },
      { host: 'tk-replacere.example', path: '/foo/x/y', status: 200, seen: { url: '/bar/x/y' } },
    ],
    verdict: 'works',
  },
  {
    what: 'redirects to HTTPS, and by an expression',
    source: `${M}/redirectscheme.md, redirectregex.md`,
    containers: [
      {
        name: 'tk-app',
        labels: labels(
          'traefik.http.routers.tk-scheme.rule=Host(`tk-scheme.example`)',
          'traefik.http.routers.tk-scheme.entrypoints=web',
          'traefik.http.routers.tk-scheme.middlewares=tk-test-redirectscheme',
          'traefik.http.middlewares.tk-test-redirectscheme.redirectscheme.scheme=https',
          'traefik.http.middlewares.tk-test-redirectscheme.redirectscheme.permanent=true',
          'traefik.http.routers.tk-regexp.rule=Host(`tk-localhost.example`)',
          'traefik.http.routers.tk-regexp.middlewares=tk-test-redirectregex',
          'traefik.http.middlewares.tk-test-redirectregex.redirectregex.regex=^http://tk-localhost.example/(.*)',
          'traefik.http.middlewares.tk-test-redirectregex.redirectregex.replacement=http://mydomain/${1}',
        ),
      },
    ],
    requests: [
      {
        host: 'tk-scheme.example',
        path: '/a?b',
        status: 301,
        answer: { location: /^https:\/\/tk-scheme\.example(:\d+)?\/a\?b$/ },
      },
      { host: 'tk-localhost.example', path: '/a?b', status: 302, answer: { location: 'http://mydomain/a?b' } },
    ],
    verdict: 'works',
  },
  {
    what: 'every plain request to HTTPS, by one router with an expression',
    source: 'migrate/v1-to-v2.md, "HTTP to HTTPS Redirection is Now Configured on Routers"',
    containers: [
      {
        name: 'tk-app',
        labels: labels(
          'traefik.http.routers.tk-redirs.rule=HostRegexp(`^.+\\.tk-catchall\\.example$`)',
          'traefik.http.routers.tk-redirs.entrypoints=web',
          'traefik.http.routers.tk-redirs.middlewares=tk-redirect-to-https',
          'traefik.http.middlewares.tk-redirect-to-https.redirectscheme.scheme=https',
        ),
      },
      {
        name: 'tk-secured',
        labels: labels(
          'traefik.http.routers.tk-secured.rule=Host(`app.tk-catchall.example`)',
          'traefik.http.routers.tk-secured.entrypoints=websecure',
          'traefik.http.routers.tk-secured.tls=true',
        ),
      },
    ],
    requests: [
      {
        host: 'app.tk-catchall.example',
        path: '/x',
        status: 302,
        answer: { location: /^https:\/\/app\.tk-catchall\.example(:\d+)?\/x$/ },
      },
      { host: 'app.tk-catchall.example', over: 'https', path: '/x', status: 200, from: 'tk-secured' },
    ],
    verdict: 'works',
  },
  {
    what: 'a chain of middlewares',
    source: `${M}/chain.md`,
    containers: [
      {
        name: 'tk-chain',
        labels: labels(
          'traefik.http.routers.tk-router1.service=tk-service1',
          'traefik.http.routers.tk-router1.middlewares=tk-secured-chain',
          'traefik.http.routers.tk-router1.rule=Host(`tk-mydomain.example`)',
          'traefik.http.middlewares.tk-secured-chain.chain.middlewares=tk-https-only,tk-known-ips,tk-auth-users',
          'traefik.http.middlewares.tk-auth-users.basicauth.users=test:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/',
          'traefik.http.middlewares.tk-https-only.redirectscheme.scheme=https',
          'traefik.http.middlewares.tk-known-ips.ipallowlist.sourceRange=192.168.1.7,127.0.0.1/32',
          'traefik.http.services.tk-service1.loadbalancer.server.port=80',
        ),
      },
    ],
    requests: [
      { host: 'tk-mydomain.example', status: 302, answer: { location: /^https:\/\/tk-mydomain\.example(:\d+)?\/$/ } },
      { host: 'tk-mydomain.example', over: 'https', status: 401 },
      { host: 'tk-mydomain.example', over: 'https', headers: basic('test:test'), status: 200, from: 'tk-chain' },
    ],
    verdict: 'works',
  },
  {
    what: 'error pages of another container',
    source: `${M}/errorpages.md`,
    containers: [
      {
        name: 'tk-pages',
        labels: labels(
          'traefik.http.routers.tk-pages.rule=Host(`tk-pages.example`)',
          'traefik.http.services.tk-error-handler-service.loadbalancer.server.port=80',
        ),
      },
      {
        name: 'tk-app',
        labels: labels(
          'traefik.http.routers.tk-failing.rule=Host(`tk-failing.example`)',
          'traefik.http.routers.tk-failing.middlewares=tk-test-errors',
          'traefik.http.middlewares.tk-test-errors.errors.status=500,501,503,505-599',
          'traefik.http.middlewares.tk-test-errors.errors.service=tk-error-handler-service',
          'traefik.http.middlewares.tk-test-errors.errors.query=/{status}.html',
        ),
      },
    ],
    requests: [
      { host: 'tk-failing.example', path: '/status/503', status: 503, body: '"url":"/503.html"' },
      { host: 'tk-failing.example', path: '/status/502', status: 502, from: 'tk-app' },
    ],
    verdict: 'works',
  },
  {
    what: 'compression',
    source: `${M}/compress.md`,
    containers: [
      {
        name: 'tk-app',
        labels: labels(
          'traefik.http.routers.tk-compress.rule=Host(`tk-compress.example`)',
          'traefik.http.routers.tk-compress.middlewares=tk-test-compress',
          'traefik.http.middlewares.tk-test-compress.compress=true',
        ),
      },
    ],
    requests: [
      {
        host: 'tk-compress.example',
        headers: `Accept-Encoding: gzip\r\nX-Much: ${'x'.repeat(2_000)}\r\n`,
        status: 200,
        answer: { 'content-encoding': 'gzip' },
      },
      { host: 'tk-compress.example', status: 200, answer: { 'content-encoding': null } },
    ],
    verdict: 'works',
  },
];
