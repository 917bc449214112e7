import type { RouteDefinition } from '@dproxy/core';

const BODY = `Hello from dproxy.

It works: this answer comes from a route that is built in, because dproxy found neither a Docker engine nor a
configuration file. Start a container and it answers at http://<name>.localhost, or write a route into /etc/dproxy.yml:

  routes:
    - host: app.localhost
      to: http://127.0.0.1:3000
`;

/** What a newcomer sees before there is an engine or a file: one route that answers, for this machine only. */
export function demoDefinitions(): readonly RouteDefinition[] {
  return [
    {
      id: 'whoami.localhost/',
      origin: { source: 'demo', name: 'whoami', line: 0, project: '' },
      hosts: ['whoami.localhost'],
      path: '/',
      audience: 'local',
      action: {
        type: 'respond',
        status: 200,
        body: BODY,
        headers: [['content-type', 'text/plain; charset=utf-8']],
      },
      backends: [],
      headers: { requestSet: [], requestRemove: [], responseSet: [], responseRemove: [] },
      timeouts: { connectMs: 0, responseMs: 0, idleMs: 0 },
      plugins: [],
      listeners: [],
      https: {},
      // The oldest claim wins: any real one shall beat the demo.
      sinceMs: Number.MAX_SAFE_INTEGER,
    },
  ];
}
