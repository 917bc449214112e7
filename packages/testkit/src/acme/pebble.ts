import { readFile, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { runCommand } from '../run-command.ts';
import { eventually } from '../eventually.ts';
import { freePort } from '../free-port.ts';
import { tempFolder, type TempFolder } from '../temp-folder.ts';
import { ChallengeServer } from './challenge-server.ts';
import { TestProgram } from './test-program.ts';

export interface PebbleOptions {
  /** Percentage of good nonces that are refused; default 0. */
  readonly nonceReject?: number;
  /** Percentage of valid authorizations that a new order takes over; default 0. */
  readonly authorizationReuse?: number;
  /** Accounts need this external account binding. */
  readonly eab?: { readonly kid: string; readonly hmacKey: string };
  /** Up to so many seconds before it checks a name; default 0: at once. */
  readonly validationSeconds?: number;
  /** Port that http-01 is asked on instead of 80, and tls-alpn-01 instead of 443; default: a free one. */
  readonly httpPort?: number;
  readonly tlsPort?: number;
  /** `address:port` of the DNS server that it asks; default: the challenge server. */
  readonly dnsServer?: string;
}

/**
 * Debian's `pebble`: a real ACME server (RFC 8555) that checks names, with keys that it makes at each start. Its DNS is the
 * challenge server.
 */
export class Pebble implements AsyncDisposable {
  /** URL of the directory. */
  readonly directory: string;
  /** What its HTTPS is trusted by. */
  readonly caFile: string;
  /** Where it asks for http-01 and tls-alpn-01, on the addresses that its DNS gives. */
  readonly httpPort: number;
  readonly tlsPort: number;
  readonly dns: ChallengeServer;
  /** Certificate and key of its HTTPS, for what stands before it. */
  readonly serverPem: { readonly certificate: string; readonly key: string };
  readonly #management: string;
  readonly #folder: TempFolder;
  readonly #program: TestProgram;

  private constructor(parts: Parts) {
    const { port, managementPort, folder, options } = parts;
    this.directory = `https://127.0.0.1:${port}/dir`;
    this.#management = `https://127.0.0.1:${managementPort}`;
    this.#folder = folder;
    this.caFile = parts.caFile;
    this.serverPem = parts.serverPem;
    this.httpPort = parts.httpPort;
    this.tlsPort = parts.tlsPort;
    this.dns = parts.dns;
    const args = ['-config', join(folder.path, 'pebble.json'), '-dnsserver', options.dnsServer ?? parts.dns.dnsAddress];
    this.#program = new TestProgram('pebble', args, environmentFor(options));
  }

  static async start(options: PebbleOptions = {}): Promise<Pebble> {
    const [folder, dns] = await Promise.all([tempFolder('dproxy-pebble-'), ChallengeServer.start()]);
    const port = await freePort();
    const managementPort = await freePort();
    const httpPort = options.httpPort ?? (await freePort());
    const tlsPort = options.tlsPort ?? (await freePort());
    const { caFile, serverPem } = await makeServerCertificate(folder.path);
    await writeFile(
      join(folder.path, 'pebble.json'),
      JSON.stringify({
        pebble: {
          listenAddress: `127.0.0.1:${port}`,
          managementListenAddress: `127.0.0.1:${managementPort}`,
          certificate: caFile,
          privateKey: join(folder.path, 'server.key'),
          httpPort,
          tlsPort,
          ocspResponderURL: '',
          externalAccountBindingRequired: options.eab !== undefined,
          externalAccountMACKeys: options.eab === undefined ? {} : { [options.eab.kid]: options.eab.hmacKey },
        },
      }),
    );
    const pebble = new Pebble({ port, managementPort, httpPort, tlsPort, folder, dns, caFile, serverPem, options });
    await eventually(() => pebble.#isUp(), { what: 'Pebble' });
    return pebble;
  }

  /** The root that signs what it issues; a new one at each start. */
  async rootPem(): Promise<string> {
    return (await this.get(`${this.#management}/roots/0`)).body;
  }

  /** How often a resource was asked for: `order-plz` new orders, `sign-me-up` accounts, `authZ`, `chalZ`, `nonce-plz`. */
  requests(resource: string): number {
    return this.#program.output.split(`/${resource}`).length - 1;
  }

  get output(): string {
    return this.#program.output;
  }

  async get(url: string): Promise<{ readonly status: number; readonly body: string }> {
    const agent = new Agent({ ca: this.serverPem.certificate });
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
    const asking = request(url, { agent }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body });
      });
    });
    asking.on('error', reject).end();
    return promise.finally(() => {
      agent.destroy();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#program.end(), this.dns[Symbol.asyncDispose]()]);
    await this.#folder.remove();
  }

  async #isUp(): Promise<boolean> {
    this.#program.assertRunning();
    return (await this.get(this.directory)).status === 200;
  }
}

interface Parts extends Pick<Pebble, 'httpPort' | 'tlsPort' | 'dns' | 'caFile' | 'serverPem'> {
  readonly port: number;
  readonly managementPort: number;
  readonly folder: TempFolder;
  readonly options: PebbleOptions;
}

function environmentFor({ nonceReject, authorizationReuse, validationSeconds }: PebbleOptions): Record<string, string> {
  const sleep: Record<string, string> =
    validationSeconds === undefined ? { PEBBLE_VA_NOSLEEP: '1' } : { PEBBLE_VA_SLEEPTIME: String(validationSeconds) };
  return {
    ...sleep,
    PEBBLE_WFE_NONCEREJECT: String(nonceReject ?? 0),
    PEBBLE_AUTHZREUSE: String(authorizationReuse ?? 0),
  };
}

/** Self-signed, so that it is its own authority. */
async function makeServerCertificate(folder: string): Promise<Pick<Pebble, 'caFile' | 'serverPem'>> {
  const caFile = join(folder, 'server.pem');
  const keyFile = join(folder, 'server.key');
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile];
  const names = ['-subj', '/CN=Pebble of a test', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  await runCommand('openssl', ['req', '-x509', '-days', '2', ...key, ...names, '-out', caFile]);
  const [certificate, pem] = await Promise.all([readFile(caFile, 'utf8'), readFile(keyFile, 'utf8')]);
  return { caFile, serverPem: { certificate, key: pem } };
}
