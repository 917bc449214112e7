import type { Neighbour } from '../example.ts';
import { traefikMiddlewares } from './traefik-middlewares.ts';
import { traefikRouters } from './traefik-routers.ts';
import { traefikTlsAndTcp } from './traefik-tls-and-tcp.ts';

export const traefik: Neighbour = {
  name: 'Traefik',
  page: 'from-traefik.md',
  settings: `    traefik:
      entryPoints: { tk-postgres: 15432 }
      labels: { traefik.http.middlewares.sb-file.plugin.sablier.group: sb-demo }
`,
  examples: [...traefikRouters, ...traefikTlsAndTcp, ...traefikMiddlewares],
};
