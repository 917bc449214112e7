export { caddy } from './caddy.ts';
