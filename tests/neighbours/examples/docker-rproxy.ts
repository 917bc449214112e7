import type { Neighbour } from '../example.ts';

const USAGE = 'README.md, "Usage"';

export const dockerRproxy: Neighbour = {
  name: 'docker-rproxy',
  page: 'from-others.md',
  examples: [
    {
      what: 'a host, and all below it',
      source: USAGE,
      containers: [{ name: 'rp-mayer', env: { RPROXY: 'http://rp-example.com' } }],
      requests: [
        { host: 'rp-example.com', status: 200, from: 'rp-mayer' },
        { host: 'a.foo.RP-example.com', status: 200, from: 'rp-mayer' },
      ],
      verdict: 'works',
    },
    {
      what: 'hosts that end alike, and paths that begin alike',
      source: 'files/app/rproxy.rb',
      containers: [{ name: 'rp-alike', env: { RPROXY: 'http://rp-alike.com/new' } }],
      requests: [
        { host: 'notrp-alike.com', path: '/new', status: 404 },
        { host: 'rp-alike.com', path: '/newer', status: 404 },
        { host: 'rp-alike.com', path: '/new/x', status: 200, from: 'rp-alike' },
      ],
      verdict: 'differs',
      note: 'a suffix is one of whole labels and a prefix one of whole segments, as its README says; its code takes characters',
    },
    {
      what: 'a host on another port',
      source: USAGE,
      containers: [{ name: 'rp-galileo', env: { PORT: '8080', RPROXY: 'http://rp-galileo.com:8080' } }],
      requests: [
        { host: 'rp-galileo.com', over: 'http:8080', status: 200, from: 'rp-galileo', seen: { port: 8080 } },
        { host: 'rp-galileo.com', status: 404 },
      ],
      verdict: 'works',
    },
    {
      what: 'a path of a host',
      source: USAGE,
      containers: [
        { name: 'rp-root', env: { RPROXY: 'http://rp-paths.com' } },
        { name: 'rp-fermat', env: { RPROXY: 'http://rp-paths.com/new' } },
      ],
      requests: [
        { host: 'rp-paths.com', path: '/new/x', status: 200, from: 'rp-fermat', seen: { url: '/new/x' } },
        { host: 'www.rp-paths.com', path: '/new', status: 200, from: 'rp-fermat' },
        { host: 'rp-paths.com', path: '/old', status: 200, from: 'rp-root' },
      ],
      verdict: 'works',
    },
    {
      what: 'replicas',
      source: USAGE,
      containers: ['rp-morse-1', 'rp-morse-2'].map((name) => ({
        name,
        env: { RPROXY: 'http://rp-api.example.com' },
      })),
      requests: [{ host: 'rp-api.example.com', status: 200, from: ['rp-morse-1', 'rp-morse-2'] }],
      verdict: 'works',
    },
    {
      what: 'TCP on a low port, once `tcp.allow` names it',
      source: USAGE,
      containers: [{ name: 'rp-doom', env: { PORT: '666', RPROXY: 'tcp://main.doom:666' } }],
      connections: [{ port: 666, from: ['rp-doom'] }],
      verdict: 'works',
    },
    {
      what: 'TCP on a low port that nobody allowed',
      source: USAGE,
      containers: [{ name: 'rp-low', env: { PORT: '667', RPROXY: 'tcp://low:667' } }],
      rejected: [/667/],
      verdict: 'refused',
      note: 'ports below 1024 are for the operator: `tcp.allow` in dproxy.yml',
    },
    {
      what: 'TCP on several ports, balanced whatever the host',
      source: USAGE,
      containers: ['rp-znc-1', 'rp-znc-2'].map((name) => ({
        name,
        env: { PORT: '6667,6697', RPROXY: `tcp://${name}:6667,tcp://${name}:6697` },
      })),
      connections: [
        { port: 6667, from: ['rp-znc-1', 'rp-znc-2'] },
        { port: 6697, from: ['rp-znc-1', 'rp-znc-2'] },
      ],
      verdict: 'works',
    },
    {
      what: 'SSH on its port, and on that of HTTPS',
      source: USAGE,
      containers: [{ name: 'rp-sshd', env: { PORT: '22,443', RPROXY: 'tcp://ssh:22,tcp://ssh:443' } }],
      connections: [{ port: 22, from: ['rp-sshd'] }],
      rejected: [/port 443 cannot be tcp/],
      verdict: 'differs',
      note: 'port 443 stays with HTTPS: what is no TLS cannot share it',
    },
    {
      what: 'one port as http and as tcp',
      source: 'files/app/rproxy.rb',
      containers: [{ name: 'rp-clash', env: { PORT: '8090', RPROXY: 'http://rp-clash.com:8090,tcp://clash:8090' } }],
      requests: [{ host: 'rp-clash.com', over: 'http:8090', status: 200, from: 'rp-clash' }],
      rejected: ['port 8090 is asked for both as http and as tcp; http holds'],
      verdict: 'differs',
      note: 'http holds; RProxy stops, with the configuration that it had',
    },
    {
      what: 'https, beside a URL that can be used',
      source: USAGE,
      containers: [{ name: 'rp-https', env: { RPROXY: 'http://rp-https.com,https://rp-secure.com' } }],
      requests: [
        { host: 'rp-https.com', status: 200, from: 'rp-https' },
        { host: 'rp-secure.com', status: 404 },
      ],
      rejected: ['has the scheme https'],
      verdict: 'differs',
      note: 'every http host answers over HTTPS, too; RProxy drops the whole container',
    },
  ],
};
