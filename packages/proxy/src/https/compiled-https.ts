import {
  compileTlsPolicies,
  type CertificateMaterial,
  type Listener,
  type ListenerIds,
  type Snapshot,
  type TlsPolicyFinder,
} from '@dproxy/core';
import { PublicNames } from './public-names.ts';

/** What a Snapshot says about HTTPS, as requests ask for it. */
export interface CompiledHttps {
  /** Answers to http-01, by token. */
  readonly keyAuthorizations: ReadonlyMap<string, string>;
  /** Of a host; the same function that the handshake asks with the SNI. */
  readonly policyOf: TlsPolicyFinder;
  readonly publicNames: PublicNames;
  /** What clients see, in the order of preference: `https` first. */
  readonly entrances: readonly Entrance[];
}

interface Entrance {
  readonly listenerId: string;
  readonly publicPort: number;
}

interface HttpsContext {
  readonly material: ReadonlyMap<string, CertificateMaterial>;
  /** The Snapshot that served until now, with what was made of it. */
  readonly previous: { readonly source: Snapshot; readonly https: CompiledHttps } | undefined;
}

export function compileHttps(snapshot: Snapshot, { material, previous }: HttpsContext): CompiledHttps {
  const { source, https } = previous ?? {};
  const { challenges, tlsPolicies, certificates, listeners } = snapshot;
  const isSameNames = source?.certificates === certificates && https?.publicNames.isComplete === true;
  return {
    keyAuthorizations:
      https !== undefined && source?.challenges === challenges ? https.keyAuthorizations : answersTo(snapshot),
    policyOf:
      https !== undefined && source?.tlsPolicies === tlsPolicies
        ? https.policyOf
        : compileTlsPolicies(tlsPolicies.values()),
    publicNames: isSameNames ? https.publicNames : new PublicNames(certificates.values(), (id) => material.has(id)),
    entrances: https !== undefined && source?.listeners === listeners ? https.entrances : entrancesOf(listeners),
  };
}

/** The port that clients reach a route of these listeners on over HTTPS; 0: on none. */
export function publicHttpsPort({ entrances }: CompiledHttps, listeners: ListenerIds): number {
  const entrance =
    listeners.length === 0 ? entrances[0] : entrances.find(({ listenerId }) => listeners.includes(listenerId));
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
