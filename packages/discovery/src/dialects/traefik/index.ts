export type { TraefikOptions } from './options.ts';
export { traefik } from './traefik.ts';
