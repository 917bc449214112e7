import { silentLog, type WakeGroup, type WakeProgress } from '@dproxy/core';
import { createDataPlane } from '@dproxy/proxy';
import { Origin, snapshotOf } from '@dproxy/testkit';

const GROUP: WakeGroup = {
  id: 'docker/project:shop',
  name: 'shop',
  autostart: true,
  timeoutMs: 120_000,
  browsers: 'page',
  theme: '',
};

const PAGE = `<!doctype html><html lang="en"><meta charset="utf-8"><title>The shop</title>
<style>body{margin:0;font:1.1rem/1.6 Georgia,serif;background:#fffaf0;color:#33271a}
header{background:#7b3f00;color:#fff;padding:1rem 2rem;font-size:1.4rem}main{padding:2rem;max-width:34rem}
li{margin:.5rem 0}</style><header>The shop</header><main><h1>Good morning!</h1><p>Fresh today:</p>
<ul><li>Bread with walnuts</li><li>Apple cake</li><li>Coffee from Huehuetenango</li></ul></main></html>`;

/** A worker's data plane with one site, whose containers sleep, start and answer as its owner says. */
export class SleepingShop implements AsyncDisposable {
  /** Times at which a worker would have told the primary that somebody waits. */
  wakes = 0;
  readonly #plane = createDataPlane({ log: silentLog, reusePort: false, onWake: () => this.wakes++ });
  readonly #origin: Origin;
  #version = 0;
  #theme = '';

  private constructor(origin: Origin) {
    this.#origin = origin;
  }

  static async open(): Promise<SleepingShop> {
    const headers: [string, string][] = [['content-type', 'text/html; charset=utf-8']];
    const origin = await Origin.start((exchange) => exchange.respond({ headers, body: PAGE }));
    const shop = new SleepingShop(origin);
    await shop.sleep();
    return shop;
  }

  /** @param host any that leads to loopback */
  url(host: string, path = '/'): string {
    return `http://${host}:${this.#plane.addresses().get('http')?.[0]?.port ?? 0}${path}`;
  }

  /** @param theme of its waiting page */
  async sleep(theme = ''): Promise<void> {
    this.#theme = theme;
    await this.#apply('stopped');
  }

  /** What the primary says of the start. */
  says(progress: Partial<WakeProgress>): void {
    this.#plane.waking({
      group: GROUP.id,
      state: 'waking',
      message: '',
      retryAfterS: 0,
      steps: [],
      log: [],
      ...progress,
    });
  }

  async awake(): Promise<void> {
    await this.#apply('ready');
  }

  get requests(): number {
    return this.#origin.requests.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#plane.close();
    await this.#origin[Symbol.asyncDispose]();
  }

  async #apply(state: 'stopped' | 'ready'): Promise<void> {
    const to = { port: this.#origin.port, state };
    const routes = [{ host: '*', to, wakeGroup: GROUP.id }];
    const wakeGroups = [{ ...GROUP, theme: this.#theme }];
    await this.#plane.apply(snapshotOf({ routes, wakeGroups, version: ++this.#version }), new Map());
  }
}
