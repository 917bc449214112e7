import { coverHosts, type CertificateFilesState, type CertificateSet, type LocalAuthority } from '@dproxy/certs';
import { HealthMonitor } from '@dproxy/discovery';
import {
  applyHealth,
  applySleep,
  buildSnapshot,
  comingOf,
  healthTargets,
  joinWakeGroups,
  sameValue,
  type Backend,
  type CertificateMaterial,
  type CertificateRef,
  type Challenge,
  type ComingState,
  type Listener,
  type Log,
  type OwnershipLedger,
  type PageOverride,
  type PortRange,
  type Rejection,
  type RouteHttps,
  type ShadowedRoute,
  type ShadowedStream,
  type Snapshot,
  type SourceState,
  type TlsPolicy,
  type WorkerSettings,
} from '@dproxy/core';
import { setTimeout as delay } from 'node:timers/promises';
import { resolvePlugins, type PluginNames } from './resolve-plugins.ts';
import { unknownThemes } from './unknown-themes.ts';

/** What the configuration gives beside routes; replaced as a whole when the file changes. */
export interface Frame {
  readonly listeners: readonly Listener[];
  /** Ports below 1024 that containers may ask for. */
  readonly allowedPorts: readonly PortRange[];
  readonly settings: WorkerSettings;
  readonly pages: readonly PageOverride[];
  readonly tlsPolicies: readonly TlsPolicy[];
  /** What holds for routes that do not say it themselves. */
  readonly https: RouteHttps;
  readonly fallThrough: boolean;
  readonly isOwnedByProject: boolean;
  readonly rejected: readonly Rejection[];
  /** What dproxy.yml lists under `plugins`. */
  readonly plugins: PluginNames['plugins'];
  /** Relative paths of plugins start there. */
  readonly configFolder: string;
}

export interface ControlPlaneOptions {
  readonly log: Log;
  readonly authority: LocalAuthority;
  readonly nowMs: () => number;
  /** What was served before a restart: versions go on from it. */
  readonly previous: Snapshot | undefined;
  readonly ledger: OwnershipLedger;
  /** Called with each new Snapshot and the keys that it names. */
  readonly publish: (snapshot: Snapshot, material: ReadonlyMap<string, CertificateMaterial>) => void;
  readonly saveLedger: (ledger: OwnershipLedger) => void;
}

/** How long the first table waits for what the first questions to backends find. */
const FIRST_FINDINGS_MS = 250;

const NO_CERTIFICATES: CertificateFilesState = { refs: [], material: new Map(), rejected: [] };

/**
 * Sources in, Snapshots out. A change is merged a moment later, together with what came with it; the leafs of the local CA
 * follow in a second Snapshot, so that signing never holds a route back: handshakes for new hosts wait for it in the workers
 * (`limits.leafWaitMs`).
 *
 *   source --+                              +--> publish (routes, known certificates)
 *   file ----+--> change --> merge ---------+
 *   certs ---+       ^                      +--> issue missing leafs --> change
 *                    +-----------------------------------------------------+
 */
export class ControlPlane {
  readonly #options: ControlPlaneOptions;
  readonly #sources = new Map<string, SourceState>();
  #frame: Frame | undefined;
  #files: CertificateFilesState = NO_CERTIFICATES;
  #local: CertificateSet = NO_CERTIFICATES;
  #ordered: CertificateSet = NO_CERTIFICATES;
  #challenges: readonly Challenge[] = [];
  #challengeMaterial: CertificateSet['material'] = new Map();
  #snapshot: Snapshot | undefined;
  #material: ReadonlyMap<string, CertificateMaterial> = new Map();
  #shadowed: readonly ShadowedRoute[] = [];
  #shadowedStreams: readonly ShadowedStream[] = [];
  #rejected: readonly Rejection[] = [];
  #ledger: OwnershipLedger;
  /** Containers that are about to sleep, by id. */
  #coming: ReadonlyMap<string, ComingState> = new Map();
  /** Sources of the table from before that have not spoken yet. */
  #unheard: ReadonlySet<string> = new Set();
  #isOpen = false;
  readonly #health: HealthMonitor;
  readonly #whenOpen = Promise.withResolvers<void>();
  /** A restarted primary says its table once, even when it is the one from before. */
  #isPublished = false;
  #pending: NodeJS.Immediate | undefined;
  #rebuilt = Promise.withResolvers<void>();
  #issuing: Promise<void> | undefined;
  /** The routes and better certificates that the local leafs were last made for. */
  #covered: (Pick<Snapshot, 'routes' | 'streams'> & { readonly better: readonly CertificateRef[] }) | undefined;

  constructor(options: ControlPlaneOptions) {
    this.#options = options;
    this.#ledger = options.ledger;
    this.#snapshot = options.previous;
    this.#health = new HealthMonitor({
      log: options.log,
      onChange: () => this.#change(),
      wasReady: (backend) => served(options.previous, backend),
    });
  }

  setFrame(frame: Frame): void {
    this.#frame = frame;
    this.#change();
  }

  setSource(state: SourceState): void {
    this.#sources.set(state.source, state);
    this.#heard(state.source);
    this.#change();
  }

  removeSource(source: string): void {
    const wasUnheard = this.#heard(source);
    if (this.#sources.delete(source) || wasUnheard) this.#change();
  }

  /** What was served of these before the start stays until they speak or are removed. To be called before `open()`. */
  awaitSources(sources: Iterable<string>): void {
    this.#unheard = new Set([...sources].filter((source) => !this.#sources.has(source)));
  }

  setCertificateFiles(state: CertificateFilesState): void {
    this.#files = state;
    this.#change();
  }

  /** Certificates that authorities have issued for us. */
  setOrderedCertificates(set: CertificateSet): void {
    this.#ordered = set;
    this.#change();
  }

  /** Replaces all challenges, at once: an authority is about to look. @returns the version of the table that has them */
  setChallenges(challenges: readonly Challenge[], material: ReadonlyMap<string, CertificateMaterial>): number {
    this.#challenges = challenges;
    this.#challengeMaterial = material;
    clearImmediate(this.#pending);
    this.#rebuild();
    return this.#snapshot?.version ?? 0;
  }

  /**
   * Replaces what is about to sleep: out of the table before an engine does anything.
   *
   * @returns the version of the table that says so, once it is published; infinite when there will be none any more
   */
  async setComing(coming: ReadonlyMap<string, ComingState>): Promise<number> {
    this.#coming = coming;
    this.#change();
    if (this.#pending !== undefined) await this.#rebuilt.promise;
    return this.#isOpen ? (this.#snapshot?.version ?? 0) : Number.POSITIVE_INFINITY;
  }

  /**
   * From now on changes are published. Not called before every source has had its say, so that a restarted primary never
   * takes routes away from workers that still serve them; nor their leafs, which are stored and are read again first.
   */
  async open(): Promise<void> {
    const before = this.#snapshot;
    if (before !== undefined) await this.#cover(before);
    await this.#askFirst();
    this.#isOpen = true;
    this.#rebuild();
    this.#whenOpen.resolve();
  }

  /** Looks again at what ends by time: leafs of the local CA, hosts reserved for a project. */
  refresh(): void {
    this.#covered = undefined;
    this.#change();
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    this.#health.stop();
    clearImmediate(this.#pending);
    this.#rebuilt.resolve();
    await this.#issuing;
  }

  /** From then on there is a Snapshot. */
  get whenOpen(): Promise<void> {
    return this.#whenOpen.promise;
  }

  get snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }

  /** Of the certificates in the Snapshot; with their keys, so nothing for anybody outside. */
  get material(): ReadonlyMap<string, CertificateMaterial> {
    return this.#material;
  }

  get shadowed(): readonly ShadowedRoute[] {
    return this.#shadowed;
  }

  get shadowedStreams(): readonly ShadowedStream[] {
    return this.#shadowedStreams;
  }

  get rejected(): readonly Rejection[] {
    return this.#rejected;
  }

  /** Containers that listen already are ready in the very first table. */
  async #askFirst(): Promise<void> {
    this.#followHealth();
    await Promise.race([this.#health.whenAsked(), delay(FIRST_FINDINGS_MS, undefined, { ref: false })]);
  }

  #heard(source: string): boolean {
    if (!this.#unheard.has(source)) return false;
    this.#unheard = new Set([...this.#unheard].filter((name) => name !== source));
    return true;
  }

  #followHealth(): readonly SourceState[] {
    const frame = this.#frame;
    if (frame === undefined) return [];
    const states = [...this.#sources.values()].map((state) => resolvePlugins(state, frame));
    const sources = joinWakeGroups(states, frame.isOwnedByProject);
    this.#health.follow(healthTargets(sources, frame.settings.ownAddresses));
    return sources;
  }

  #change(): void {
    if (!this.#isOpen || this.#pending !== undefined) return;
    this.#pending = setImmediate(() => this.#rebuild());
  }

  #rebuild(): void {
    this.#pending = undefined;
    const frame = this.#frame;
    if (!this.#isOpen || frame === undefined) return;
    this.#material = new Map([
      ...this.#local.material,
      ...this.#ordered.material,
      ...this.#files.material,
      ...this.#challengeMaterial,
    ]);
    // Before the merge: a new backend takes no request until it has passed.
    const sources = this.#followHealth();
    const coming = comingOf(sources, this.#coming);
    const result = buildSnapshot({
      sources: sources.map((state) => applySleep(applyHealth(state, this.#health.verdicts), coming)),
      listeners: frame.listeners,
      allowedPorts: frame.allowedPorts,
      settings: frame.settings,
      certificates: [...this.#files.refs, ...this.#ordered.refs, ...this.#local.refs],
      challenges: this.#challenges,
      pages: frame.pages,
      tlsPolicies: frame.tlsPolicies,
      https: frame.https,
      fallThrough: frame.fallThrough,
      previous: this.#snapshot,
      unheard: this.#unheard,
      ownership: frame.isOwnedByProject ? { ledger: this.#ledger, nowMs: this.#options.nowMs() } : undefined,
    });
    this.#shadowed = result.shadowed;
    this.#shadowedStreams = result.shadowedStreams;
    const { wakeGroups, pages } = result.snapshot;
    const themes = unknownThemes(wakeGroups, pages);
    this.#rejected = [...frame.rejected, ...this.#files.rejected, ...result.rejected, ...themes];
    this.#keepLedger(result.ledger);
    this.#publish(result.snapshot, this.#material);
    this.#rebuilt.resolve();
    this.#rebuilt = Promise.withResolvers();
    this.#coverHosts();
  }

  #publish(snapshot: Snapshot, material: ReadonlyMap<string, CertificateMaterial>): void {
    if (this.#isPublished && snapshot === this.#snapshot) return;
    this.#isPublished = true;
    this.#snapshot = snapshot;
    this.#options.publish(snapshot, material);
  }

  #keepLedger(ledger: OwnershipLedger): void {
    // An unchanged ledger comes back as it was.
    if (ledger === this.#ledger || (ledger.size === 0 && this.#ledger.size === 0)) return;
    this.#ledger = ledger;
    this.#options.saveLedger(ledger);
  }

  /** One run at a time; a change that comes meanwhile is looked at when it ends. */
  #coverHosts(): void {
    const { snapshot } = this;
    if (snapshot === undefined || this.#issuing !== undefined) return;
    const covered = this.#covered;
    const isSame = covered?.routes === snapshot.routes && covered.streams === snapshot.streams;
    if (isSame && sameValue(covered.better, this.#betterRefs())) return;
    if (!servesTls(snapshot)) return;
    this.#issuing = this.#cover(snapshot).finally(() => {
      this.#issuing = undefined;
      this.#change();
    });
  }

  /** Whose names need no leaf of the local CA. */
  #betterRefs(): readonly CertificateRef[] {
    return [...this.#files.refs, ...this.#ordered.refs];
  }

  async #cover(snapshot: Snapshot): Promise<void> {
    const better = this.#betterRefs();
    const { routes, streams } = snapshot;
    this.#covered = { routes, streams, better };
    const ended = [...streams.values()].filter(({ tls }) => tls === 'terminate');
    const hosts = new Set([...routes.values(), ...ended].map(({ host }) => host));
    const { authority, log } = this.#options;
    try {
      this.#local = await coverHosts(authority, hosts, {
        fileRefs: better,
        log,
        progress: (soFar) => {
          this.#local = withOlder(soFar, this.#local);
          this.#change();
        },
      });
    } catch (error) {
      log.error({ error }, 'the local CA failed; hosts without another certificate have no HTTPS');
    }
  }
}

function served(previous: Snapshot | undefined, { id, address, port }: Backend): boolean {
  const before = previous?.backends.get(id);
  return before?.state === 'ready' && before.address === address && before.port === port;
}

function servesTls({ listeners, streams }: Snapshot): boolean {
  const hasHttps = [...listeners.values()].some(({ protocol }) => protocol === 'https');
  return hasHttps || [...streams.values()].some(({ tls }) => tls === 'terminate');
}

/** While leafs are still being made, those from before stay: they may be the ones of hosts whose turn has not come. */
function withOlder(soFar: CertificateSet, before: CertificateSet): CertificateSet {
  const refs = new Map([...before.refs, ...soFar.refs].map((ref) => [ref.id, ref]));
  return { refs: [...refs.values()], material: new Map([...before.material, ...soFar.material]) };
}
