import type { ListenAddress, Listener } from '@dproxy/core';

/** One address that a worker listens at, with all that came in by it. */
export interface Bound {
  readonly listener: Listener;
  readonly isDraining: boolean;
  /** Connections, or sessions of UDP. */
  readonly openCount: number;
  /** Of these, who would lose something if they ended now. */
  readonly busyCount: number;
  /** The port that the system chose, where port 0 was asked for. */
  readonly address: ListenAddress;
  /** The same address under another definition: what is open goes on, what comes is served by the new one. */
  reassign(listener: Listener): void;
  /** @throws Error of the system, such as EADDRINUSE and EACCES */
  listen(): Promise<void>;
  /** Takes nothing new; what is open goes on to its end. */
  drain(): void;
  /** Cuts everything. */
  destroy(): void;
  /** Lets go of what goes to backends that have left, where nothing else would tell. */
  followBackends(): void;
}

/** Listens on `::`, or on IPv4 alone: a machine without IPv6 still has that. */
export async function listenOnEither(host: string, listenOn: (host: string) => Promise<void>): Promise<void> {
  try {
    await listenOn(host);
  } catch (error) {
    if (host !== '::' || !isWithoutIpv6(error)) throw error;
    await listenOn('0.0.0.0');
  }
}

function isWithoutIpv6(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL';
}
