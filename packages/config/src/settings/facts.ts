import { existsSync } from 'node:fs';
import { availableParallelism, homedir, hostname, tmpdir } from 'node:os';
import { localAddresses } from './local-addresses.ts';

/** What settings depend on beside what people say. Passed in, so that the rules can be tested for any machine. */
export interface Facts {
  readonly isRoot: boolean;
  readonly uid: number;
  readonly cpuCount: number;
  readonly homedir: string;
  readonly tempFolder: string;
  readonly cwd: string;
  readonly hostname: string;
  /** Addresses of all interfaces, idle ones too, without zones. */
  readonly localAddresses: readonly string[];
  /** Several processes can listen on one port (SO_REUSEPORT with balancing: not on macOS). */
  readonly canSharePorts: boolean;
  fileExists(path: string): boolean;
}

/** The facts of this machine. */
export function gatherFacts(cwd: string): Facts {
  const uid = process.getuid?.() ?? -1;
  return {
    isRoot: uid === 0,
    uid,
    cpuCount: availableParallelism(),
    homedir: homedir(),
    tempFolder: tmpdir(),
    cwd,
    hostname: hostname(),
    localAddresses: localAddresses(),
    canSharePorts: process.platform === 'linux',
    fileExists: existsSync,
  };
}
