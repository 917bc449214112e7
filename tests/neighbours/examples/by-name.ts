import type { Neighbour } from '../example.ts';

/** node-docker-proxy: containers are known by their hostname. */
export const nodeDockerProxy: Neighbour = {
  name: 'node-docker-proxy',
  page: 'from-others.md',
  examples: [
    {
      what: 'a container by its hostname and domain name',
      source: 'README.md',
      containers: [{ name: 'nd-domain', hostname: 'nd-api', domainname: 'site1.com' }],
      requests: [{ host: 'nd-api.site1.com', status: 200, from: 'nd-domain' }],
      verdict: 'works',
    },
    {
      what: 'containers with one hostname, balanced',
      source: 'README.md, lib/services/proxy.js',
      containers: [
        { name: 'nd-replica-1', hostname: 'nd-site2.com' },
        { name: 'nd-replica-2', hostname: 'nd-site2.com' },
      ],
      requests: [
        { host: 'nd-site2.com', status: 200, from: ['nd-replica-1', 'nd-replica-2'] },
        { host: 'www.nd-site2.com', status: 200, from: ['nd-replica-1', 'nd-replica-2'] },
        { host: 'api.nd-site2.com', status: 404 },
      ],
      verdict: 'works',
    },
    {
      what: 'a hostname without a domain',
      source: 'lib/models/container.js',
      containers: [{ name: 'nd-private', hostname: 'nd-web' }],
      requests: [{ host: 'nd-web.internal', status: 200, from: 'nd-private' }],
      verdict: 'works',
    },
    {
      what: 'a container without a hostname',
      source: 'lib/models/container.js',
      containers: [{ name: 'nd-unnamed' }],
      requests: [{ host: 'nd-unnamed.localhost', status: 200, from: 'nd-unnamed' }],
      verdict: 'differs',
      note: 'its name; there `<id>.internal`, which nobody knows',
    },
    {
      what: 'a host that nobody has',
      source: 'lib/middleware/router.js',
      containers: [],
      requests: [{ host: 'nd-nobody.example', status: 404 }],
      verdict: 'differs',
      note: '404; there 503. A known host whose container is down is answered 503',
    },
  ],
};

export const nexus: Neighbour = {
  name: 'Nexus',
  page: 'from-others.md',
  examples: [
    {
      what: 'a container by its name',
      source: 'README.md',
      containers: [{ name: 'nx-nginx1' }],
      requests: [
        { host: 'nx-nginx1.localhost', status: 200, from: 'nx-nginx1' },
        { host: 'nx-nginx1.docker.localhost', status: 200, from: 'nx-nginx1' },
      ],
      verdict: 'works',
    },
    {
      what: 'a container that is not there',
      source: 'README.md',
      containers: [],
      requests: [{ host: 'nx-nobody.localhost', status: 404 }],
      verdict: 'differs',
      note: "404 as there, with dproxy's own page or JSON",
    },
  ],
};
