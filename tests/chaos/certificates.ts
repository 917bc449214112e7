import { mkdir, rename, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../product/product.ts';

/** An authority of the test, and a folder with certificates of its hosts as DOCKER_PROXY_SSL_PATH names it. */
export class Certificates {
  /** `<host>.crt`, `<host>.key` */
  readonly folder: string;
  /** Certificate of the authority, PEM. */
  readonly ca: string;
  readonly #base: string;

  private constructor(base: string, ca: string) {
    this.#base = base;
    this.folder = join(base, 'live');
    this.ca = ca;
  }

  static async make(base: string): Promise<Certificates> {
    await mkdir(join(base, 'live'), { recursive: true });
    const made = ['-x509', '-subj', '/CN=chaos', '-keyout', join(base, 'ca.key'), '-out', join(base, 'ca.crt')];
    await openssl('req', ...NEW_KEY, ...made);
    return new Certificates(base, await readFile(join(base, 'ca.crt'), 'utf8'));
  }

  /** Puts a new one in the place of the old one, the key first, as ACME clients do. Gives it as PEM. */
  async replace(host: string): Promise<string> {
    const file = (ending: string): string => join(this.#base, `${host}.${ending}`);
    const names = ['-addext', `subjectAltName=DNS:${host}`, '-addext', 'basicConstraints=critical,CA:FALSE'];
    const signer = ['-CA', join(this.#base, 'ca.crt'), '-CAkey', join(this.#base, 'ca.key')];
    const to = ['-keyout', file('key'), '-out', file('crt')];
    await openssl('req', '-x509', ...NEW_KEY, '-subj', `/CN=${host}`, ...names, ...signer, ...to);
    const pem = await readFile(file('crt'), 'utf8');
    for (const ending of ['key', 'crt']) await rename(file(ending), join(this.folder, `${host}.${ending}`));
    return pem;
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'];

async function openssl(...args: string[]): Promise<void> {
  const { code, stderr } = await runProgram(['openssl', ...args], {});
  if (code !== 0) throw new Error(stderr);
}
