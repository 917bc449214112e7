import { compileTlsPolicies, type Listener, type ListenerIds, type Snapshot, type TlsPolicyFinder } from '@dproxy/core';

/** What a Snapshot says about HTTPS, as requests ask for it. */
export interface CompiledHttps {
  /** Answers to http-01, by token. */
  readonly keyAuthorizations: ReadonlyMap<string, string>;
  /** Of a host; the same function that the handshake asks with the SNI. */
  readonly policyOf: TlsPolicyFinder;
  /** What clients see, in the order of preference: `https` first. */
  readonly entrances: readonly Entrance[];
}

interface Entrance {
  readonly listenerId: string;
  readonly publicPort: number;
}

/** @param previous the Snapshot that served until now, with what was made of it */
export function compileHttps(
  snapshot: Snapshot,
  previous: { readonly source: Snapshot; readonly https: CompiledHttps } | undefined,
): CompiledHttps {
  const { challenges, tlsPolicies, listeners } = snapshot;
  const { source, https } = previous ?? {};
  const isSame =
    source?.challenges === challenges && source.tlsPolicies === tlsPolicies && source.listeners === listeners;
  if (https !== undefined && isSame) return https;
  return {
    keyAuthorizations: answersTo(snapshot),
    policyOf: compileTlsPolicies(tlsPolicies.values()),
    entrances: entrancesOf(listeners),
  };
}

/** The port that clients reach a route of these listeners on over HTTPS; 0: on none. */
export function publicHttpsPort({ entrances }: CompiledHttps, listeners: ListenerIds): number {
  const entrance = entrances.find(({ listenerId }) =>
    // A listener that was opened for a port has only the routes that name it.
    listeners.length === 0 ? !listenerId.includes(':') : listeners.includes(listenerId),
  );
  return entrance?.publicPort ?? 0;
}

function answersTo({ challenges }: Snapshot): ReadonlyMap<string, string> {
  const answers = new Map<string, string>();
  for (const challenge of challenges.values()) {
    if (challenge.type === 'http-01') answers.set(challenge.token, challenge.keyAuthorization);
  }
  return answers;
}

function entrancesOf(listeners: ReadonlyMap<string, Listener>): readonly Entrance[] {
  const entrances: Entrance[] = [];
  for (const { id, protocol, publicPort } of listeners.values()) {
    if (protocol !== 'https') continue;
    const entrance = { listenerId: id, publicPort };
    if (id === 'https') entrances.unshift(entrance);
    else entrances.push(entrance);
  }
  return entrances;
}
