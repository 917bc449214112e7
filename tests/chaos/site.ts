// What the disturbances are done to: an engine with replicas of one host and, beside them, a container that nobody touches, the
// product in front of them, a file with routes and a folder with certificates.
import { eventually, tempFolder, type TempFolder } from '@dproxy/testkit';
import { runContainer, type EngineAccess } from '@dproxy/testkit/docker';
import { join } from 'node:path';
import { Product } from '../product/product.ts';
import { Certificates } from './certificates.ts';
import { ReceivedPosts } from './received-posts.ts';

/** Of the replicas. */
export const HOST = 'replicas.test';
/** Of each replica; a host with a certificate of an authority would send everybody to HTTPS. */
export const REPLICA_LABELS = { 'dproxy.host': HOST, 'dproxy.https.redirect': 'false' };
/** Of the container that has no other beside it. */
export const ONLY_HOST = 'only.test';
/** Of the container that nobody touches. */
export const CALM_HOST = 'calm.test';

export class Site implements AsyncDisposable {
  readonly engine: EngineAccess;
  readonly product: Product;
  readonly certificates: Certificates;
  readonly posts: ReceivedPosts;
  readonly #folder: TempFolder;

  private constructor(parts: Pick<Site, 'engine' | 'product' | 'certificates' | 'posts'>, folder: TempFolder) {
    this.engine = parts.engine;
    this.product = parts.product;
    this.certificates = parts.certificates;
    this.posts = parts.posts;
    this.#folder = folder;
  }

  /** Resolves when both replicas answer. */
  static async start(engine: EngineAccess): Promise<Site> {
    const folder = await tempFolder('dp-');
    const certificates = await Certificates.make(join(folder.path, 'tls'));
    for (const host of [HOST, ONLY_HOST]) await certificates.replace(host);
    const posts = await ReceivedPosts.make(join(folder.path, 'received'));
    const env = { DOCKER_PROXY_SSL_PATH: certificates.folder };
    const product = await Product.start({ engine, yml: ymlWith('first'), env });
    const site = new Site({ engine, product, certificates, posts }, folder);
    await runContainer(engine, { name: 'calm', labels: { 'dproxy.host': CALM_HOST } });
    await site.#runOrigin('only', { ...REPLICA_LABELS, 'dproxy.host': ONLY_HOST });
    await Promise.all(['one', 'two'].map((name) => site.runReplica(name)));
    await site.whenAnswer('one', 'two');
    for (const host of [CALM_HOST, ONLY_HOST]) await product.whenStatus(host, 200);
    return site;
  }

  async runReplica(name: string): Promise<void> {
    await this.#runOrigin(name, REPLICA_LABELS);
  }

  async #runOrigin(name: string, labels: Readonly<Record<string, string>>): Promise<void> {
    const folders = { '/received': this.posts.folder };
    await runContainer(this.engine, { name, labels, folders, stopSignal: 'SIGTERM' });
  }

  /** Exactly these replicas, on whichever worker is asked. */
  async whenAnswer(...expected: string[]): Promise<void> {
    const wanted = [...expected].sort().join(' ');
    await eventually(async () => (await this.#whoAnswers(expected.length * 4)) === wanted, {
      everyMs: 20,
      what: `answers of ${wanted}`,
    });
  }

  async #whoAnswers(requests: number): Promise<string> {
    const names = new Set<string>();
    for (let request = 0; request < requests; request++) {
      const { status, headers } = await this.product.get(HOST);
      names.add(headers.find(([name]) => name.toLowerCase() === 'x-origin')?.[1] ?? String(status));
    }
    return [...names].sort().join(' ');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.product[Symbol.asyncDispose]();
    await this.#folder.remove();
  }
}

/**
 * A file whose route `edited.test` answers with the text. Connections that do not end are cut two seconds after their worker was
 * told to leave: each replacement of one takes so long.
 */
export function ymlWith(text: string): string {
  return `drain: 2s\nroutes:\n  - { host: edited.test, respond: { body: ${JSON.stringify(text)} } }\n`;
}
