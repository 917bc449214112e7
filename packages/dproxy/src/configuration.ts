import {
  FileSource,
  LastGoodFile,
  demoDefinitions,
  type Facts,
  type LoadedSettings,
  type ParsedFile,
  type Settings,
} from '@dproxy/config';
import { sameValue, type Listener, type Log, type Rejection, type SourceState } from '@dproxy/core';
import { ClientAuthorities } from './client-authorities.ts';
import type { ControlPlane } from './control-plane.ts';
import { decideListeners } from './decide-listeners.ts';
import { FilesWatch } from './files-watch.ts';
import { toFrame } from './frame.ts';
import { PagesWatch } from './pages-watch.ts';
import { readPagesFolder } from './pages-folder.ts';

export interface ConfigurationOptions {
  readonly loaded: LoadedSettings;
  readonly facts: Facts;
  readonly plane: ControlPlane;
  readonly log: Log;
  readonly ownPorts: () => ReadonlySet<number>;
  /** An engine was found. */
  readonly hasEngine: () => boolean;
  /** Called after the frame was set, when the settings changed after the start. */
  readonly onSettings: (settings: Settings, before: Settings) => void;
}

/**
 * The configuration over time: the frame of the Snapshot, and the routes of the file. Changes of the file are applied one
 * after another; a listener that cannot be opened keeps its predecessor and is a rejection.
 */
export class Configuration {
  readonly #options: ConfigurationOptions;
  readonly #file: FileSource;
  #settings: Settings;
  #listeners: readonly Listener[] = [];
  #fileState: SourceState | undefined;
  #applying: Promise<void> = Promise.resolve();
  #notes: readonly string[] = [];
  #isStarted = false;
  #hasDemo = false;
  readonly #pages: PagesWatch;
  readonly #authorities = new ClientAuthorities();
  readonly #authorityFiles: FilesWatch;
  /** Of the settings in force; what stands in other files has its own. */
  #rejected: readonly Rejection[] = [];
  #isPastDemo = false;

  constructor(options: ConfigurationOptions) {
    this.#options = options;
    this.#settings = options.loaded.settings;
    const lookAgain = (): void => {
      this.#applying = this.#applying.then(() => this.#setFrame(this.#rejected));
    };
    this.#pages = new PagesWatch(options.log, lookAgain);
    this.#authorityFiles = new FilesWatch(lookAgain);
    this.#file = new FileSource({
      path: this.#settings.config.path,
      log: options.log,
      lastGood: options.loaded.lastGood,
      keep: new LastGoodFile(this.#settings.paths.state, options.log),
      onSettings: (file) => {
        this.#applying = this.#applying.then(() => this.#apply(file));
      },
    });
  }

  get settings(): Settings {
    return this.#settings;
  }

  get listeners(): readonly Listener[] {
    return this.#listeners;
  }

  /** What was decided otherwise than wanted. */
  get notes(): readonly string[] {
    return this.#notes;
  }

  /** @throws PortError when a named port cannot be had */
  async start(): Promise<void> {
    const { listeners, notes } = await decideListeners(this.#settings.listeners, this.#options.ownPorts());
    this.#listeners = listeners;
    this.#notes = notes;
    await this.#setFrame([]);
    await this.#file.start((state) => {
      this.#fileState = state;
      // In turn, and together with the frame: a new route must not be there before the policy of its host, nor an old one after it.
      this.#applying = this.#applying.then(() => this.#publishRoutes());
    });
    await this.#applying;
    this.#isStarted = true;
  }

  async stop(): Promise<void> {
    this.#pages.stop();
    this.#authorityFiles.stop();
    await this.#file.stop();
    await this.#applying;
  }

  /** The built-in route answers while there is neither an engine nor a file. To be called when either may have come. */
  updateDemo(): void {
    const { plane, hasEngine } = this.#options;
    // A deleted file and an engine that went away keep their routes: what a newcomer sees does not come back beside them.
    this.#isPastDemo ||= this.hasFile() || hasEngine();
    const isWanted = !this.#isPastDemo;
    if (isWanted === this.#hasDemo) return;
    this.#hasDemo = isWanted;
    if (isWanted) plane.setSource({ source: 'demo', definitions: demoDefinitions(), rejected: [] });
    else plane.removeSource('demo');
  }

  hasFile(): boolean {
    return this.#options.facts.fileExists(this.#settings.config.path);
  }

  async #apply(file: ParsedFile): Promise<void> {
    const { loaded, log, onSettings } = this.#options;
    const before = this.#settings;
    const { settings, problems, warnings } = loaded.resolve(file);
    for (const warning of warnings) log.warn({}, warning);
    const rejected: Rejection[] = problems.map(({ path, got, expected }) => ({
      source: settings.config.path,
      line: 0,
      column: 0,
      message: `${path}: got ${got}`,
      expected,
    }));
    this.#settings = problems.length > 0 ? { ...settings, api: before.api } : settings;
    if (!sameValue(loaded.settings.api, this.#settings.api)) rejected.push(needsRestart(settings.config.path));
    if (!sameValue(before.listeners, settings.listeners)) rejected.push(...(await this.#decideAgain(settings)));
    await this.#setFrame(rejected);
    this.#publishRoutes();
    if (this.#isStarted) onSettings(this.#settings, before);
  }

  /** The new listeners as far as they can be had; those that cannot keep what they were. */
  async #decideAgain({ listeners: plans, config }: Settings): Promise<Rejection[]> {
    const ownPorts = new Set([
      ...this.#options.ownPorts(),
      ...this.#listeners.flatMap(({ addresses }) => addresses.map(({ port }) => port)),
    ]);
    const before = new Map(this.#listeners.map((listener) => [listener.id, listener]));
    const decided = await Promise.all(
      plans.map(async (plan) => {
        try {
          return await decideListeners([plan], ownPorts);
        } catch (error) {
          const old = before.get(plan.id);
          return {
            listeners: old === undefined ? [] : [old],
            notes: [],
            refused: `listen.${plan.id}: ${(error as Error).message}`,
          };
        }
      }),
    );
    this.#listeners = decided.flatMap(({ listeners }) => listeners);
    const refused = decided.flatMap((each) => ('refused' in each ? [each.refused] : []));
    return refused.map((message) => ({
      source: config.path,
      line: 0,
      column: 0,
      message,
      expected: 'an address that can be bound; the listener stays as it was',
    }));
  }

  async #setFrame(rejected: readonly Rejection[]): Promise<void> {
    this.#rejected = rejected;
    this.#pages.follow(this.#settings.pages);
    const { facts, plane } = this.#options;
    const { tlsHosts, config, pages } = this.#settings;
    this.#authorityFiles.follow(new Set(tlsHosts.map(({ caFile }) => caFile).filter((path) => path !== '')));
    const folder = await readPagesFolder(pages);
    const tls = await this.#authorities.read(tlsHosts, config.path);
    plane.setFrame(
      toFrame({
        settings: this.#settings,
        facts,
        listeners: this.#listeners,
        pages: folder.pages,
        tlsPolicies: tls.policies,
        rejected: [...rejected, ...folder.rejected, ...tls.rejected],
      }),
    );
  }

  #publishRoutes(): void {
    if (this.#fileState === undefined) return;
    this.#options.plane.setSource(this.#fileState);
    if (this.#isStarted) this.updateDemo();
  }
}

/** The admin API is opened once: what it protects must not change its door while somebody is in it. */
function needsRestart(source: string): Rejection {
  return {
    source,
    line: 0,
    column: 0,
    message: 'listen.api and api have changed, and are followed only by a start',
    expected: 'a restart of dproxy; until then the admin API stays as it was',
  };
}
