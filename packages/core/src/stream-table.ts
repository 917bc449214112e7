import type { AddressMatcher } from './client-address.ts';
import type { StreamRoute } from './stream.ts';

/** What the table reads of a stream. The data plane puts its own compiled ones into it. */
export interface StreamCandidate {
  readonly route: Pick<StreamRoute, 'id' | 'host' | 'tls' | 'alpn' | 'priority'>;
  /** Who may connect. */
  readonly admits: AddressMatcher;
}

/** What is known of a connection when its stream is chosen. */
export interface StreamQuestion {
  /** Canonical; empty: the client named none. */
  readonly serverName: string;
  /** What the client offers (ALPN). */
  readonly protocols: readonly string[];
  /** Address of the client. */
  readonly client: string;
}

/**
 * The streams of one listener. Of those that take a connection the one with the highest priority is chosen; of equal ones the
 * most specific host (a name, then wildcards from the longest, then `*`), then who asks for more, then the lower id.
 */
export class StreamTable<S extends StreamCandidate> {
  /** Streams that read the ClientHello. */
  readonly hasTls: boolean;
  readonly #plain: readonly S[];
  readonly #exact: ReadonlyMap<string, readonly S[]>;
  /** By the part after `*.`. */
  readonly #wildcards: ReadonlyMap<string, readonly S[]>;
  readonly #all: readonly S[];

  constructor(streams: Iterable<S>) {
    const all = [...streams].sort(byDemand);
    const named = all.filter(({ route }) => route.tls !== 'none');
    const exact = named.filter(({ route }) => !route.host.startsWith('*'));
    const wildcards = named.filter(({ route }) => route.host.startsWith('*.'));
    this.hasTls = named.length > 0;
    this.#plain = all.filter(({ route }) => route.tls === 'none');
    this.#exact = Map.groupBy(exact, ({ route }) => route.host);
    this.#wildcards = Map.groupBy(wildcards, ({ route }) => route.host.slice(2));
    this.#all = named.filter(({ route }) => route.host === '*');
  }

  /** For what is no TLS, or is not looked into. */
  findPlain(client: string): S | undefined {
    return best([this.#plain], { serverName: '', protocols: [], client });
  }

  /** By the ClientHello. */
  findTls(question: StreamQuestion): S | undefined {
    return best(this.#byName(question.serverName), question);
  }

  /** At most 127 look-ups, however many names there are. */
  #byName(name: string): readonly (readonly S[])[] {
    const groups = [this.#exact.get(name) ?? []];
    for (let dot = name.indexOf('.'); dot !== -1 && this.#wildcards.size > 0; dot = name.indexOf('.', dot + 1)) {
      const wildcards = this.#wildcards.get(name.slice(dot + 1));
      if (wildcards !== undefined) groups.push(wildcards);
    }
    groups.push(this.#all);
    return groups;
  }
}

function best<S extends StreamCandidate>(groups: Iterable<readonly S[]>, question: StreamQuestion): S | undefined {
  let chosen: S | undefined;
  for (const group of groups) {
    for (const stream of group) {
      if (chosen !== undefined && stream.route.priority <= chosen.route.priority) continue;
      if (takes(stream, question)) chosen = stream;
    }
  }
  return chosen;
}

function takes({ route: { alpn }, admits }: StreamCandidate, { protocols, client }: StreamQuestion): boolean {
  return (alpn.length === 0 || alpn.some((protocol) => protocols.includes(protocol))) && admits(client);
}

/** Their ids differ where what they ask for does: an id with more in it asks for more. */
function byDemand({ route: a }: StreamCandidate, { route: b }: StreamCandidate): number {
  return Number(b.id.includes(' #')) - Number(a.id.includes(' #')) || (a.id < b.id ? -1 : Number(a.id > b.id));
}
