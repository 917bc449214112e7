import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { eventually, RawClient } from '@dproxy/testkit';
import type { Product } from '../../product/product.ts';
import { HOST, ymlWith } from '../site.ts';
import type { Disturbance } from './disturbance.ts';

/** What is not YAML, and what is YAML but no route. */
const INVALID = ['routes: [', 'routes:\n  - { host: edited.test, hots: x }\n'];

/** What becomes of the files. */
export const SETTINGS_DISTURBANCES: readonly Disturbance[] = [
  {
    name: 'ten edits of dproxy.yml, one of them invalid',
    endsWorkers: false,
    times: { sample: 1, long: 10 },
    disturb: async ({ site: { product }, number }) => {
      for (let edit = 0; edit < 9; edit++) {
        const text = `edit ${number}-${edit}`;
        await product.configure(ymlWith(text));
        await whenAllSay(product, text);
      }
      await product.configure(INVALID[number % INVALID.length] ?? '');
      await eventually(async () => (await product.rejected()).length > 0, { what: 'a rejection' });
      await whenAllSay(product, `edit ${number}-8`);
      await product.configure(ymlWith('valid again'));
      await eventually(async () => (await product.rejected()).length === 0, { what: 'no rejection' });
      await whenAllSay(product, 'valid again');
    },
  },
  {
    name: 'another certificate in the folder',
    endsWorkers: false,
    times: { sample: 2, long: 40 },
    disturb: async ({ site: { product, certificates } }) => {
      const { fingerprint256 } = new X509Certificate(await certificates.replace(HOST));
      await eventually(
        async () => (await product.allOf(() => served(product))).every((served) => served === fingerprint256),
        { what: 'the new certificate on every worker' },
      );
    },
  },
];

async function whenAllSay(product: Product, text: string): Promise<void> {
  const ask = async (): Promise<string> => (await product.get('edited.test')).body.text;
  let last: readonly string[] = [];
  const arrived = eventually(async () => (last = await product.allOf(ask)).every((got) => got === text));
  await arrived.catch((cause: unknown) => {
    throw new Error(`"${text}" was not served, but ${last.join()}:\n${product.output.slice(-5_000)}`, { cause });
  });
}

/** Fingerprint of what a client is shown. */
async function served(product: Product): Promise<string> {
  const tls = { servername: HOST, rejectUnauthorized: false };
  using client = await RawClient.connect({ port: product.httpsPort, tls });
  return (client.socket as TLSSocket).getPeerCertificate().fingerprint256;
}
