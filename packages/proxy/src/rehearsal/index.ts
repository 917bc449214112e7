export { Rehearsal } from './rehearsal.ts';
export type { RehearsedTls } from './rehearse-tls.ts';
export type { Rehearsed, RehearsedRequest } from './rehearsed.ts';
