export { ChallengeServer } from './challenge-server.ts';
export { Pebble, type PebbleOptions } from './pebble.ts';
export { TxtSolver } from './txt-solver.ts';
