export { AriAndProfilesFront, problemAnswer, type FrontAnswer, type FrontRequest } from './ari-and-profiles-front.ts';
export { ChallengeServer } from './challenge-server.ts';
export { Pebble, type PebbleOptions } from './pebble.ts';
export { TxtSolver } from './txt-solver.ts';
