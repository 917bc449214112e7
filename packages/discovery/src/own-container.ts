import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';

const ID = /[0-9a-f]{64}/;

export interface OwnContainerClues {
  /** `/proc/self/mountinfo`. */
  readonly mountinfo: string;
  /** `/proc/self/cgroup`. */
  readonly cgroup: string;
  readonly hostname: string;
}

/**
 * The id (64 or 12 hexadecimal digits) of the container that this process may run in; empty when nothing points to one. A
 * guess: discovery asks each engine whether it has such a container.
 */
export function guessOwnContainer({ mountinfo, cgroup, hostname: name }: OwnContainerClues): string {
  // The engine mounts its own /etc/hostname and /etc/resolv.conf from a folder named by the id; other bind mounts of a
  // container (volumes) may have hexadecimal folders, too.
  const mounts = mountinfo.split('\n').filter((line) => / \/etc\/(?:hostname|hosts|resolv\.conf) /.test(line));
  const fromMounts = mounts.map((line) => ID.exec(line)?.[0]).find((id) => id !== undefined);
  return fromMounts ?? ID.exec(cgroup)?.[0] ?? (/^[0-9a-f]{12}$/.test(name) ? name : '');
}

/** The same, with the clues of this process. Empty on systems without /proc. */
export async function findOwnContainer(): Promise<string> {
  const [mountinfo, cgroup] = await Promise.all([
    readOrEmpty('/proc/self/mountinfo'),
    readOrEmpty('/proc/self/cgroup'),
  ]);
  return guessOwnContainer({ mountinfo, cgroup, hostname: hostname() });
}

async function readOrEmpty(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    // Not Linux: then nothing runs in a container of an engine's host.
    return '';
  }
}
