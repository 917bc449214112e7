import type { Neighbour } from '../example.ts';
import { labels } from './labels.ts';

/** What a browser says of itself when somebody opens a page. */
const NAVIGATION = 'Accept: text/html,*/*;q=0.8\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n';

export const docksal: Neighbour = {
  name: 'Docksal (service-vhost-proxy)',
  page: 'from-others.md',
  examples: [
    {
      what: 'a container of its own',
      source: 'README.md, "Routing to a standalone container"',
      containers: [
        {
          name: 'dk-echo',
          env: { PORT: '2580' },
          expose: [2580],
          labels: labels('io.docksal.virtual-host=dk-myapp.example', 'io.docksal.virtual-port=2580'),
        },
      ],
      requests: [
        { host: 'dk-myapp.example', status: 200, from: 'dk-echo', seen: { port: 2580 } },
        { host: 'dk-myapp.example', over: 'https', status: 200, from: 'dk-echo' },
      ],
      verdict: 'works',
    },
    {
      what: 'a container of a compose project',
      source: 'README.md, "Routing to a container in a Docker Compose project stack"',
      containers: [
        {
          name: 'dk-myproject-web-1',
          env: { PORT: '2580' },
          expose: [2580],
          labels: labels(
            'com.docker.compose.project=dk-myproject',
            'com.docker.compose.service=web',
            'io.docksal.virtual-host=dk-myproject.docksal.site',
            'io.docksal.virtual-port=2580',
          ),
        },
      ],
      requests: [{ host: 'dk-myproject.docksal.site', status: 200, from: 'dk-myproject-web-1', seen: { port: 2580 } }],
      verdict: 'works',
    },
    {
      what: 'several hosts, and a wildcard of any depth',
      source: 'README.md, "Container configuration"',
      containers: [{ name: 'dk-hosts', labels: labels('io.docksal.virtual-host=dk-example1.com,*.dk-example2.com') }],
      requests: [
        { host: 'dk-example1.com', status: 200, from: 'dk-hosts' },
        { host: 'www.dk-example2.com', status: 200, from: 'dk-hosts' },
        { host: 'x.y.dk-example2.com', status: 200, from: 'dk-hosts' },
        { host: 'dk-example2.com', status: 404 },
      ],
      verdict: 'works',
    },
    {
      what: 'the label for the port of a container with one port',
      source: 'README.md, "Container configuration"',
      containers: [
        {
          name: 'dk-only',
          labels: labels('io.docksal.virtual-host=dk-only.example', 'io.docksal.virtual-port=3000'),
        },
      ],
      requests: [{ host: 'dk-only.example', status: 200, from: 'dk-only', seen: { port: 80 } }],
      verdict: 'works',
    },
    {
      what: 'a certificate by its name, and a project that is kept',
      source: 'README.md, "Default and custom certs for HTTPS", "Advanced proxy configuration"',
      containers: [
        {
          name: 'dk-cert',
          labels: labels(
            'io.docksal.virtual-host=dk-cert.example',
            'io.docksal.cert-name=shared',
            'io.docksal.permanent=true',
          ),
        },
      ],
      requests: [{ host: 'dk-cert.example', over: 'https', status: 200, from: 'dk-cert' }],
      verdict: 'differs',
      note: 'the certificate that has the host in it is taken, without being named; dproxy deletes no projects',
    },
    {
      what: 'a stopped project that the first request starts',
      source: 'README.md, "Advanced proxy configuration"',
      containers: [
        {
          name: 'dk-stack-db-1',
          isAsleep: true,
          labels: labels('com.docker.compose.project=dk-stack', 'com.docker.compose.service=db'),
        },
        {
          name: 'dk-stack-web-1',
          isAsleep: true,
          labels: labels(
            'com.docker.compose.project=dk-stack',
            'com.docker.compose.service=web',
            'io.docksal.project-root=/projects/dk-stack',
            'io.docksal.virtual-host=dk-stack.docksal.site,dk-stack.docksal.site.*',
          ),
        },
      ],
      requests: [
        { host: 'dk-stack.docksal.site', headers: NAVIGATION, status: 202, body: 'Starting dk-stack' },
        { host: 'dk-stack.docksal.site.192.0.2.1.example', status: 200, from: 'dk-stack-web-1' },
        { host: 'dk-stack-db-1.localhost', status: 200, from: 'dk-stack-db-1' },
      ],
      verdict: 'differs',
      note: 'a browser gets the waiting page, as there; everybody else waits for the answer of the site',
    },
  ],
};
