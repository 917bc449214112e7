import { DEFAULT_WAKE } from '@dproxy/config';
import { sameValue, type ContainerView, type EngineEndpoint, type Rejection, type SourceState } from '@dproxy/core';
import type { Vantage } from './address-choice.ts';
import { drainMs } from './container-backend.ts';
import type { Container } from './container.ts';
import { describeWords, hidden, type ContainerDescription, type Described } from './describe-container.ts';
import { dialectsOf } from './dialects/all-dialects.ts';
import type { Dialect } from './dialects/dialect.ts';
import type { EngineNetwork } from './engine-connection.ts';
import type { DieEvent, KillEvent } from './engine-events.ts';
import { withForeignRefs } from './foreign-refs.ts';
import { countWords, makesPublicClaims, NO_WORDS, type CountedWords, type ImageWords } from './image-words.ts';
import { withoutTakenNames } from './local-names.ts';
import { OfferBoard } from './offer-board.ts';
import { offersOf } from './read-dialects.ts';
import type { DiscoverySettings } from './settings.ts';
import { endsContainer } from './stop-signal.ts';
import { UseCount } from './use-count.ts';
import { vantageOf } from './vantage.ts';
import { inWakeGroup } from './plans/in-group.ts';
import { PlanBoard } from './plans/plan-board.ts';
import { NO_PLANS } from './plans/plans.ts';

interface Entry {
  readonly container: Container;
  readonly words: CountedWords;
  /** Undefined: not described yet. */
  readonly described: Described | undefined;
}

/**
 * The last good picture of one engine: its containers, and what each adds to the routes. No I/O: the session puts in what
 * the engine answers; what did not change keeps its identity, and `revision` stays. Containers are described when somebody
 * reads, because a burst of events would describe those again and again that use what others offer.
 */
export class EngineMirror {
  readonly #endpoint: EngineEndpoint;
  readonly #settings: DiscoverySettings;
  readonly #dialects: readonly Dialect[];
  readonly #listeners: ReadonlySet<string>;
  readonly #entries = new Map<string, Entry>();
  readonly #stale = new Set<string>();
  /** When containers were told to end, by id. */
  readonly #killedMs = new Map<string, number>();
  /** Ids of those that have ended since somebody looked at them. */
  readonly #dead = new Set<string>();
  readonly #board: OfferBoard;
  readonly #sleep: PlanBoard;
  #planning = NO_PLANS;
  /** Descriptions with the group that they wake. */
  readonly #grouped = new WeakMap<ContainerDescription, ContainerDescription>();
  readonly #guests = new Map<string, Set<string>>();
  readonly #unreadable = new Map<string, Rejection>();
  readonly #imageWords = new Map<string, ImageWords>();
  readonly #imageUse = new UseCount();
  #order: readonly string[] | undefined;
  #networks: readonly EngineNetwork[] = [];
  #hidesNetworks = false;
  #vantage: Vantage;
  #revision = 0;

  constructor(endpoint: EngineEndpoint, settings: DiscoverySettings, dialects = dialectsOf(settings.dialects)) {
    this.#endpoint = endpoint;
    this.#settings = settings;
    this.#dialects = dialects;
    this.#board = new OfferBoard(dialects);
    this.#sleep = new PlanBoard({
      source: `docker:${endpoint.name}`,
      defaults: settings.wake ?? DEFAULT_WAKE,
      isOwnedByProject: settings.isOwnedByProject ?? false,
    });
    this.#listeners = new Set(settings.listeners);
    this.#vantage = vantageOf({ endpoint, hostReachesBridges: false, own: undefined, networks: [] });
  }

  /** Increases with each change of what `state` and `views` give. */
  get revision(): number {
    this.#refresh();
    return this.#revision;
  }

  get ids(): readonly string[] {
    return [...this.#entries.keys(), ...this.#unreadable.keys()];
  }

  get size(): number {
    return this.#entries.size;
  }

  get(id: string): Container | undefined {
    return this.#entries.get(id)?.container;
  }

  /** True when `setImageWords` must come before `put`. */
  needsImage(container: Container): boolean {
    if (this.#settings.trustImages || this.#imageWords.has(container.imageId)) return false;
    return makesPublicClaims(container, this.#dialects);
  }

  setImageWords(imageId: string, words: ImageWords): void {
    this.#imageWords.set(imageId, words);
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

  /** @param mayBeOld something has happened to it since the engine was asked */
  put(container: Container, mayBeOld = false): void {
    const { id } = container;
    if (!mayBeOld) this.#dead.delete(id);
    const before = this.#entries.get(id);
    if (this.#unreadable.delete(id)) this.#revision += 1;
    if (before === undefined) this.#add(container);
    if (!this.#isDraining(container)) this.#killedMs.delete(id);
    const words = countWords(container, this.#imageWordsOf(container), this.#dialects);
    this.#board.put(container, offersOf(container, words, this.#listeners));
    this.#entries.set(id, { container, words, described: before?.described });
    this.#stale.add(id);
    this.#followNetworkOwner(id);
    if (this.#isOwn(container)) this.#moveVantage();
  }

  remove(id: string): void {
    const entry = this.#entries.get(id);
    if (this.#unreadable.delete(id)) this.#revision += 1;
    if (entry === undefined) return;
    const { container } = entry;
    this.#entries.delete(id);
    this.#killedMs.delete(id);
    this.#dead.delete(id);
    this.#stale.delete(id);
    this.#order = undefined;
    this.#revision += 1;
    this.#board.remove(id);
    this.#sleep.remove(id, container.labels);
    if (!this.#imageUse.drop(container.imageId)) this.#imageWords.delete(container.imageId);
    this.#guests.get(ownerOf(container) ?? '')?.delete(id);
    this.#followNetworkOwner(id);
    if (this.#isOwn(container)) this.#moveVantage();
  }

  /**
   * A container got a signal. When that ends it, it drains: until it is started again, or for as long as it may take to end.
   *
   * @returns that time in milliseconds, after which `endDrain` is due; undefined: it does not drain
   */
  drain({ id, signal, atMs }: KillEvent): number | undefined {
    const container = this.get(id);
    if (container === undefined || container.startedMs > atMs) return undefined;
    if (!hidesSignals(container) && !endsContainer(signal, container.stopSignal)) return undefined;
    this.#killedMs.set(id, atMs);
    this.#stale.add(id);
    return drainMs(container);
  }

  /** It has outlived that signal. @returns whether it still drained */
  endDrain({ id, atMs }: KillEvent): boolean {
    if (this.#killedMs.get(id) !== atMs) return false;
    this.#killedMs.delete(id);
    this.#stale.add(id);
    return true;
  }

  /**
   * The program of a container has ended: nobody answers at its address, whatever the last look said, until the next one is here.
   *
   * @returns whether that is news
   */
  die({ id, atMs }: DieEvent): boolean {
    const container = this.get(id);
    // Events are told again after a reconnect.
    if (container === undefined || container.startedMs > atMs) return false;
    this.#dead.add(id);
    this.#stale.add(id);
    return true;
  }

  /** Whether it has ended, and nobody could look at it since: it may have been started again. */
  isDead(id: string): boolean {
    return this.#dead.has(id);
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
    const descriptions = this.#descriptions();
    const { definitions, rejected } = withForeignRefs(descriptions, this.#settings.isOwnedByProject);
    return {
      source: `docker:${this.#endpoint.name}`,
      definitions: withoutTakenNames(definitions),
      streams: descriptions.flatMap(({ streams }) => streams),
      ...(this.#planning.plans.length === 0 ? {} : { wakePlans: this.#planning.plans }),
      rejected: [
        ...descriptions.flatMap((description) => description.rejected),
        ...rejected,
        ...this.#planning.rejected,
        ...this.#unreadable.values(),
      ],
    };
  }

  views(): readonly ContainerView[] {
    return this.#descriptions().map(({ view }) => view);
  }

  #add(container: Container): void {
    this.#order = undefined;
    this.#imageUse.take(container.imageId);
    const owner = ownerOf(container);
    if (owner === undefined) return;
    const guests = this.#guests.get(owner) ?? new Set();
    this.#guests.set(owner, guests.add(container.id));
  }

  /** Describes what has to be described again, once, whatever happened how often since somebody read. */
  #refresh(): void {
    for (const [dialect, changed] of this.#board.takeChanges()) this.#markUsers(dialect, changed);
    for (const id of this.#stale) {
      const entry = this.#entries.get(id);
      if (entry === undefined) continue;
      const { described: before } = entry;
      const { description, asked } = this.#describe(entry);
      const isSame = before !== undefined && sameValue(before.description, description);
      const described = { description: isSame ? before.description : description, asked };
      this.#entries.set(id, { ...entry, described });
      if (!isSame) this.#revision += 1;
      if (!this.#isOwn(entry.container)) this.#sleep.put(entry.container, described.description);
    }
    this.#stale.clear();
    const { planning } = this.#sleep;
    if (planning !== this.#planning) this.#revision += 1;
    this.#planning = planning;
  }

  /** What others offer has changed: those that asked for it may mean something else now. */
  #markUsers(name: string, changed: ReadonlySet<string>): void {
    const isByName = this.#dialects.some((dialect) => dialect.name === name && dialect.asksOffersByName === true);
    for (const [id, { described }] of this.#entries) {
      const asked = described?.asked.get(name);
      if (asked !== undefined && !(isByName && asked.isDisjointFrom(changed))) this.#stale.add(id);
    }
  }

  /** A look that was under way when the signal came may find the container as it was before. */
  #isDraining({ id, startedMs }: Container): boolean {
    const killedMs = this.#killedMs.get(id);
    return killedMs !== undefined && startedMs <= killedMs;
  }

  #describe({ container: seen, words }: Entry): Described {
    const container: Container = this.#dead.has(seen.id) ? { ...seen, state: 'exited' } : seen;
    const engine = this.#endpoint.name;
    if (this.#isOwn(container)) {
      return { description: hidden(container, { engine }, [], 'dproxy itself runs in it'), asked: new Map() };
    }
    const owner = ownerOf(container);
    return describeWords(container, words, {
      engine,
      vantage: this.#vantage,
      exposedByDefault: this.#settings.exposedByDefault,
      readiness: this.#settings.readiness ?? false,
      networkOwner: owner === undefined ? undefined : this.get(owner),
      isDraining: this.#isDraining(container),
      dialects: this.#dialects,
      listeners: this.#listeners,
      offers: this.#board.lists,
      isOwnedByProject: this.#settings.isOwnedByProject ?? false,
    });
  }

  #imageWordsOf({ imageId }: Container): ImageWords {
    return this.#settings.trustImages ? 'trusted' : (this.#imageWords.get(imageId) ?? NO_WORDS);
  }

  /** dproxy's own container was connected, disconnected or found: other addresses may be the right ones now. */
  #moveVantage(): void {
    const own = [...this.#entries.values()].map(({ container }) => container).find((each) => this.#isOwn(each));
    const hostReachesBridges = this.#settings.hostReachesBridges && !this.#hidesNetworks;
    const vantage = vantageOf({ endpoint: this.#endpoint, hostReachesBridges, own, networks: this.#networks });
    if (sameValue(comparable(vantage), comparable(this.#vantage))) return;
    this.#vantage = vantage;
    for (const id of this.#entries.keys()) this.#stale.add(id);
  }

  #followNetworkOwner(id: string): void {
    for (const guest of this.#guests.get(id) ?? []) this.#stale.add(guest);
  }

  #isOwn({ id }: Container): boolean {
    const { ownContainerId } = this.#settings;
    return ownContainerId !== '' && id.startsWith(ownContainerId);
  }

  /** The oldest first: the order in which events came must not show. */
  #descriptions(): readonly ContainerDescription[] {
    this.#refresh();
    this.#order ??= [...this.#entries.values()]
      .map(({ container }) => container)
      .sort((a, b) => a.createdMs - b.createdMs || (a.id < b.id ? -1 : 1))
      .map(({ id }) => id);
    return this.#order
      .map((id) => this.#inGroup(id, this.#entries.get(id)?.described?.description))
      .filter((description) => description !== undefined);
  }

  #inGroup(id: string, description: ContainerDescription | undefined): ContainerDescription | undefined {
    const group = this.#planning.groups.get(id);
    if (group === undefined || description === undefined) return description;
    const known = this.#grouped.get(description);
    if (known?.view.wakeGroup === group) return known;
    const grouped = inWakeGroup(description, group);
    this.#grouped.set(description, grouped);
    return grouped;
  }
}

/**
 * The engine writes the labels of a container over the attributes of its events: of one with the label `signal` nobody knows which
 * signal it got. It drains, which loses nothing when it goes on.
 */
function hidesSignals({ labels }: Container): boolean {
  return labels.has('signal');
}

/** The container whose network it uses. */
function ownerOf({ networkMode }: Container): string | undefined {
  return networkMode.startsWith('container:') ? networkMode.slice('container:'.length) : undefined;
}

function comparable(vantage: Vantage): object {
  return { ...vantage, networks: [...vantage.networks].sort() };
}
