import type { Backend } from '@dproxy/core';
import { backendId, backendOf, type BackendWish, type ReachFacts } from './container-backend.ts';
import type { Container } from './container.ts';

/** A backend by the name that a dialect gives it. */
export interface CalledBackend {
  readonly dialect: string;
  readonly name: string;
  readonly backend: Backend;
}

/** The backends of one container: one for each name and port, however many services share it. */
export class ContainerBackends {
  readonly #container: Container;
  readonly #facts: ReachFacts;
  readonly #byId = new Map<string, { readonly backend: Backend; readonly network: string | undefined }>();
  readonly #called = new Map<string, CalledBackend>();

  constructor(container: Container, facts: ReachFacts) {
    this.#container = container;
    this.#facts = facts;
  }

  /** Those that filters may name, in the order in which they were made. */
  get called(): readonly CalledBackend[] {
    return [...this.#called.values()];
  }

  take(dialect: string, wish: BackendWish): Backend {
    const backend = this.#share(wish);
    this.#called.set(`${dialect}\n${wish.backend}\n${backend.id}`, { dialect, name: wish.backend, backend });
    return backend;
  }

  /** Another network is another address: such a backend has a name of its own, and the first keeps the short one. */
  #share(wish: BackendWish): Backend {
    const id = backendId(this.#container, wish);
    const known = this.#byId.get(id);
    if (known !== undefined && known.network === wish.network) return known.backend;
    const backend = backendOf(this.#container, wish, this.#facts);
    if (known !== undefined) return { ...backend, id: `${id}#network-${wish.network ?? ''}` };
    this.#byId.set(id, { backend, network: wish.network });
    return backend;
  }
}
