import { join } from 'node:path';

/** The checkout (or the folder of the installed package) that this code runs from. */
export const ROOT = join(import.meta.dirname, '..', '..', '..');

/** PM2 is AGPL-3.0: started as a program, never imported. */
export const PM2 = join(ROOT, 'node_modules', 'pm2', 'bin', 'pm2');
export const PM2_RUNTIME = join(ROOT, 'node_modules', 'pm2', 'bin', 'pm2-runtime');
export const ECOSYSTEM = join(ROOT, 'ecosystem.config.js');

/** Files of the state folder that only the composition root knows. */
export function statePaths(state: string) {
  return {
    snapshot: join(state, 'snapshot.json'),
    balancer: join(state, 'balancer.json'),
    ownership: join(state, 'ownership.json'),
    sleeping: join(state, 'sleeping.json'),
    madeContainers: join(state, 'made-containers.json'),
    workers: join(state, 'run', 'workers.json'),
    primary: join(state, 'run', 'primary.json'),
    localAuthority: join(state, 'ca'),
    certificates: join(state, 'certificates'),
  };
}

/** sun_path holds 108 bytes on Linux, 104 on macOS; PM2 puts `interactor.sock` into its home. */
const MAX_HOME_BYTES = 80;

/** PM2's own folder of this instance, so that several dproxy (and the user's own PM2) do not disturb each other. */
export function privatePm2Home({ state, ipcSocket }: { readonly state: string; readonly ipcSocket: string }): string {
  const home = join(state, 'pm2');
  return Buffer.byteLength(home) <= MAX_HOME_BYTES ? home : `${ipcSocket.replace(/\.sock$/, '')}.pm2`;
}
