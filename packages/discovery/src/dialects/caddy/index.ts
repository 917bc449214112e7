export { caddy, type CaddyOptions } from './caddy.ts';
