import type { Neighbour } from './example.ts';
import { nexus, nodeDockerProxy } from './examples/by-name.ts';
import { caddyDockerProxy } from './examples/caddy-docker-proxy.ts';
import { dockerRproxy } from './examples/docker-rproxy.ts';
import { docksal } from './examples/docksal.ts';
import { nginxProxy } from './examples/nginx-proxy.ts';
import { containerNursery, lazytainer, sablier } from './examples/on-demand.ts';
import { traefik } from './examples/traefik.ts';

/** In the order of docs/compatibility.md. */
export const NEIGHBOURS: readonly Neighbour[] = [
  nginxProxy,
  traefik,
  caddyDockerProxy,
  docksal,
  dockerRproxy,
  nodeDockerProxy,
  nexus,
  sablier,
  lazytainer,
  containerNursery,
];
