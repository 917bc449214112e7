import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:tls';
import type { CertificateView } from '@dproxy/core';
import { eventually, within } from '@dproxy/testkit';
import type { Pebble } from '@dproxy/testkit/acme';
import { Product } from './product.ts';

/** A product on ports 80 and 443, where authorities ask, that orders its certificates from Pebble. */
export class AcmeSite {
  readonly product: Product;
  readonly #pebble: Pebble;
  readonly #directory: string;

  private constructor(product: Product, pebble: Pebble, directory: string) {
    this.product = product;
    this.#pebble = pebble;
    this.#directory = directory;
  }

  /** @param directory of what stands before Pebble; default Pebble's own */
  static async start(pebble: Pebble, hosts: readonly string[], directory = pebble.directory): Promise<AcmeSite> {
    // Only there: other loopback addresses are other machines then.
    const env = { DOCKER_PROXY_HOSTNAME: '127.0.0.1' };
    const yml = fileOf(pebble, directory, { hosts, acme: '' });
    return new AcmeSite(await Product.start({ yml, hasPublicPorts: true, env }), pebble, directory);
  }

  /** @param acme more lines of `acme` */
  yml(hosts: readonly string[], acme = ''): string {
    return fileOf(this.#pebble, this.#directory, { hosts, acme });
  }

  async views(name: string): Promise<readonly CertificateView[]> {
    const all = (await this.product.api('/certificates')).data as readonly CertificateView[];
    return all.filter(({ names }) => names.includes(name));
  }

  async whenState(name: string, state: CertificateView['state']): Promise<CertificateView> {
    const find = async (): Promise<CertificateView | undefined> =>
      (await this.views(name)).find((view) => view.state === state && view.kind === 'acme');
    return await eventually(find, { deadlineMs: 90_000, everyMs: 50 }).catch(async (cause: unknown) => {
      const seen = `${JSON.stringify(await this.views(name))}\n${this.product.output.slice(-12_000)}`;
      throw new Error(`${name} is not ${state}:\n${seen}`, { cause });
    });
  }

  /** What a browser would see: the leaf, after its chain and its name were verified against Pebble's root. */
  async leafOf(name: string): Promise<X509Certificate> {
    const ca = await this.#pebble.rootPem();
    const socket = connect({ host: '127.0.0.1', port: this.product.httpsPort, servername: name, ca });
    try {
      await within(once(socket, 'secureConnect'), 'a handshake');
      return new X509Certificate(socket.getPeerX509Certificate()?.raw ?? '');
    } finally {
      socket.destroy();
    }
  }
}

function fileOf(
  { caFile, dns }: Pebble,
  directory: string,
  { hosts, acme }: { readonly hosts: readonly string[]; readonly acme: string },
): string {
  const routes = hosts.map((host) => `  - { host: "${host}", respond: { body: "${host}" } }\n`).join('');
  const authority = `{ url: "${directory}", name: pebble, caFile: "${caFile}" }`;
  return `routes:
${routes}acme:
  email: me@example.com
  directory: ${authority}
  resolvers: ["${dns.dnsAddress}"]
${acme}`;
}
