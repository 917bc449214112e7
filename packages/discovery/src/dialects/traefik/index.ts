export { traefik } from './traefik.ts';
