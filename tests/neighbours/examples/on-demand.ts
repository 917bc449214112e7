import type { Neighbour } from '../example.ts';
import { labels } from './labels.ts';

export const sablier: Neighbour = {
  name: 'Sablier',
  page: 'sleeping.md',
  examples: [
    {
      what: 'a group, behind the middleware of its plugin for Traefik',
      source: 'docs, "Docker" and README.md of the Traefik plugin',
      containers: ['sb-whoami', 'sb-nginx'].map((name) => ({
        name,
        isAsleep: true,
        labels: labels(
          'sablier.enable=true',
          'sablier.group=sb-demo',
          'traefik.enable=true',
          'traefik.docker.allownonrunning=true',
          `traefik.http.routers.${name}.rule=Host(\`${name}.example\`)`,
          `traefik.http.routers.${name}.middlewares=${name === 'sb-nginx' ? 'sb-file@file' : 'sb-dynamic'}`,
          'traefik.http.middlewares.sb-dynamic.plugin.sablier.group=sb-demo',
          'traefik.http.middlewares.sb-dynamic.plugin.sablier.sablierUrl=http://sablier:10000',
          'traefik.http.middlewares.sb-dynamic.plugin.sablier.sessionDuration=1m',
          'traefik.http.middlewares.sb-dynamic.plugin.sablier.dynamic.displayName=Demo',
        ),
      })),
      requests: [
        { host: 'sb-nginx.example', status: 200, from: 'sb-nginx' },
        { host: 'sb-whoami.example', status: 200, from: 'sb-whoami' },
      ],
      rejected: ['dproxy wakes by the labels of the containers'],
      verdict: 'differs',
      note: 'it wakes without Sablier; put to sleep it is with `dproxy.wake.idle`, which stands for the session duration; a middleware of a file has to be told in dproxy.yml',
    },
    {
      what: 'hours in which it runs, and limits in place of a stop',
      source: 'docs, "Labels"',
      containers: [
        {
          name: 'sb-hours',
          labels: labels(
            'sablier.enable=true',
            'sablier.ready-after=1s',
            'sablier.running-hours=09:00-18:00',
            'sablier.running-days=Mon,Tue',
            'sablier.idle.cpu=0.1',
            'dproxy.host=sb-hours.example',
          ),
        },
      ],
      requests: [{ host: 'sb-hours.example', status: 200, from: 'sb-hours' }],
      rejected: ['sablier.idle.cpu of Sablier cannot be used'],
      verdict: 'differs',
      note: 'it sleeps by a stop or a pause, never by smaller limits',
    },
  ],
};

export const lazytainer: Neighbour = {
  name: 'Lazytainer',
  page: 'sleeping.md',
  examples: [
    {
      what: 'a group whose containers use its network',
      source: 'README.md, "Quick Explanation"',
      containers: [
        {
          name: 'lt-lazytainer',
          labels: labels(
            'lazytainer.group.lt-group1.ports=81',
            'lazytainer.group.lt-group1.inactiveTimeout=30',
            'lazytainer.group.lt-group1.pollRate=1',
          ),
        },
        {
          name: 'lt-whoami1',
          isAsleep: true,
          network: 'container:lt-lazytainer',
          env: { PORT: '81' },
          labels: labels('lazytainer.group=lt-group1', 'dproxy.port=81'),
        },
      ],
      requests: [{ host: 'lt-whoami1.localhost', status: 200, from: 'lt-whoami1', seen: { port: 81 } }],
      verdict: 'differs',
      note: 'a container needs a host, or a port of TCP: packets to the port of another container wake nobody',
    },
  ],
};

export const containerNursery: Neighbour = {
  name: 'ContainerNursery',
  page: 'from-others.md',
  examples: [
    {
      what: 'a host with its own name, and two containers, in words of dproxy',
      source: 'README.md, "Configuration"',
      containers: [
        {
          name: 'cn-wordpress',
          isAsleep: true,
          labels: labels(
            'dproxy.host=cn-wordpress.example',
            'dproxy.wake.group=cn-blog',
            'dproxy.wake.name=Blog',
            'dproxy.wake.idle=15m',
            'dproxy.wake.cpu=30',
          ),
        },
        { name: 'cn-mariadb', isAsleep: true, labels: labels('dproxy.wake.group=cn-blog') },
      ],
      requests: [
        { host: 'cn-wordpress.example', status: 200, from: 'cn-wordpress' },
        { host: 'cn-mariadb.localhost', status: 200, from: 'cn-mariadb' },
      ],
      verdict: 'differs',
      note: 'labels of the containers stand for its `config.yml`',
    },
  ],
};
