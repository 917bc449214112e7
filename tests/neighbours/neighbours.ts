import type { Neighbour } from './example.ts';
import { nginxProxy } from './examples/nginx-proxy.ts';

/** In the order of docs/compatibility.md. */
export const NEIGHBOURS: readonly Neighbour[] = [nginxProxy];
