import { sameValue, type ContainerView, type EngineEndpoint, type Rejection, type SourceState } from '@dproxy/core';
import type { Vantage } from './address-choice.ts';
import type { Container } from './container.ts';
import { describeContainer, hidden, type ContainerDescription } from './describe-container.ts';
import type { EngineNetwork } from './engine-connection.ts';
import { makesPublicClaims, type ImageLabels } from './image-labels.ts';
import { withoutTakenNames } from './local-names.ts';
import type { DiscoverySettings } from './settings.ts';
import { vantageOf } from './vantage.ts';

interface Entry {
  readonly container: Container;
  readonly description: ContainerDescription;
}

/**
 * The last good picture of one engine: its containers, and what each adds to the routes. No I/O: the session puts in what
 * the engine answers; what did not change keeps its identity, and `revision` stays.
 */
export class EngineMirror {
  readonly #endpoint: EngineEndpoint;
  readonly #settings: DiscoverySettings;
  readonly #entries = new Map<string, Entry>();
  readonly #unreadable = new Map<string, Rejection>();
  readonly #imageLabels = new Map<string, ImageLabels>();
  #networks: readonly EngineNetwork[] = [];
  #hidesNetworks = false;
  #vantage: Vantage;
  #revision = 0;

  constructor(endpoint: EngineEndpoint, settings: DiscoverySettings) {
    this.#endpoint = endpoint;
    this.#settings = settings;
    this.#vantage = vantageOf({ endpoint, hostReachesBridges: false, own: undefined, networks: [] });
  }

  /** Increases with each change of what `state` and `views` give. */
  get revision(): number {
    return this.#revision;
  }

  get ids(): readonly string[] {
    return [...this.#entries.keys(), ...this.#unreadable.keys()];
  }

  get(id: string): Container | undefined {
    return this.#entries.get(id)?.container;
  }

  /** True when `setImageLabels` must come before `put`. */
  needsImage(container: Container): boolean {
    return !this.#settings.trustImages && makesPublicClaims(container) && !this.#imageLabels.has(container.imageId);
  }

  setImageLabels(imageId: string, labels: ImageLabels): void {
    this.#imageLabels.set(imageId, labels);
  }

  /** @param hidesNetworks as `EngineConnection.hidesNetworks` says */
  setHidesNetworks(hidesNetworks: boolean): void {
    this.#hidesNetworks = hidesNetworks;
    this.#moveVantage();
  }

  setNetworks(networks: readonly EngineNetwork[]): void {
    this.#networks = networks;
    this.#moveVantage();
  }

  put(container: Container): void {
    const before = this.#entries.get(container.id);
    if (this.#unreadable.delete(container.id)) this.#revision += 1;
    const description = this.#describe(container);
    const isSame = before !== undefined && sameValue(before.description, description);
    this.#entries.set(container.id, { container, description: isSame ? before.description : description });
    if (!isSame) this.#revision += 1;
    this.#followNetworkOwner(container.id);
    if (this.#isOwn(container)) this.#moveVantage();
  }

  remove(id: string): void {
    const entry = this.#entries.get(id);
    if (this.#unreadable.delete(id)) this.#revision += 1;
    if (entry === undefined) return;
    this.#entries.delete(id);
    this.#revision += 1;
    this.#forgetImage(entry.container.imageId);
    this.#followNetworkOwner(id);
    if (this.#isOwn(entry.container)) this.#moveVantage();
  }

  /** A container whose description cannot be read; its last good one stays. */
  reject(id: string, reason: string): void {
    const source = `docker:${this.get(id)?.name ?? id.slice(0, 12)}`;
    const expected = 'an answer as the Docker Engine API describes it';
    const rejection = { source, line: 0, column: 0, message: reason, expected };
    if (sameValue(this.#unreadable.get(id), rejection)) return;
    this.#unreadable.set(id, rejection);
    this.#revision += 1;
  }

  state(): SourceState {
    const descriptions = this.#sorted().map(({ description }) => description);
    return {
      source: `docker:${this.#endpoint.name}`,
      definitions: withoutTakenNames(descriptions.flatMap(({ definitions }) => definitions)),
      rejected: [...descriptions.flatMap(({ rejected }) => rejected), ...this.#unreadable.values()],
    };
  }

  views(): readonly ContainerView[] {
    return this.#sorted().map(({ description }) => description.view);
  }

  #describe(container: Container): ContainerDescription {
    const engine = this.#endpoint.name;
    if (this.#isOwn(container)) return hidden(container, { engine }, [], 'dproxy itself runs in it');
    const [, owner] = container.networkMode.split('container:');
    return describeContainer(container, {
      engine,
      vantage: this.#vantage,
      exposedByDefault: this.#settings.exposedByDefault,
      imageLabels: this.#settings.trustImages ? 'trusted' : (this.#imageLabels.get(container.imageId) ?? new Map()),
      networkOwner: owner === undefined ? undefined : this.get(owner),
    });
  }

  /** dproxy's own container was connected, disconnected or found: other addresses may be the right ones now. */
  #moveVantage(): void {
    const own = [...this.#entries.values()].map(({ container }) => container).find((each) => this.#isOwn(each));
    const hostReachesBridges = this.#settings.hostReachesBridges && !this.#hidesNetworks;
    const vantage = vantageOf({ endpoint: this.#endpoint, hostReachesBridges, own, networks: this.#networks });
    if (sameValue(comparable(vantage), comparable(this.#vantage))) return;
    this.#vantage = vantage;
    for (const { container } of this.#entries.values()) this.#redescribe(container);
  }

  #followNetworkOwner(id: string): void {
    const guestMode = `container:${id}`;
    for (const { container } of this.#entries.values()) {
      if (container.networkMode === guestMode) this.#redescribe(container);
    }
  }

  #redescribe(container: Container): void {
    const before = this.#entries.get(container.id);
    const description = this.#describe(container);
    if (before !== undefined && sameValue(before.description, description)) return;
    this.#entries.set(container.id, { container, description });
    this.#revision += 1;
  }

  #isOwn({ id }: Container): boolean {
    const { ownContainerId } = this.#settings;
    return ownContainerId !== '' && id.startsWith(ownContainerId);
  }

  #forgetImage(imageId: string): void {
    const isUsed = [...this.#entries.values()].some(({ container }) => container.imageId === imageId);
    if (!isUsed) this.#imageLabels.delete(imageId);
  }

  /** The oldest first: the order in which events came must not show. */
  #sorted(): readonly Entry[] {
    return [...this.#entries.values()].sort(
      ({ container: a }, { container: b }) => a.createdMs - b.createdMs || (a.id < b.id ? -1 : 1),
    );
  }
}

function comparable(vantage: Vantage): object {
  return { ...vantage, networks: [...vantage.networks].sort() };
}
