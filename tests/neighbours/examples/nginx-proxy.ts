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
  ],
};
