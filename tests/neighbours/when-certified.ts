import { eventually, RawClient } from '@dproxy/testkit';
import type { Product } from '../product/product.ts';
import type { Example } from './example.ts';

/** Certificates of the local CA come a moment after the routes; until then a name is not recognized. */
export async function whenCertified(product: Product, examples: readonly Example[]): Promise<void> {
  const ca = await product.localCa();
  const requests = examples.flatMap((example) => example.requests ?? []);
  const secure = requests.filter(({ over }) => over?.startsWith('https') === true);
  for (const servername of new Set(secure.map(({ host }) => host))) {
    await eventually(() => isCertified(product.httpsPort, { servername, ca }), {
      what: `a certificate of ${servername}`,
    });
  }
}

async function isCertified(port: number, tls: { readonly servername: string; readonly ca: string }): Promise<boolean> {
  using client = await RawClient.connect({ port, tls });
  return !client.isEnded;
}
