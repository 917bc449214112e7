import { freePort } from '../free-port.ts';
import { eventually } from '../eventually.ts';
import { TestProgram } from './test-program.ts';

/** Debian's `pebble-challtestsrv`: the DNS server that Pebble asks. Every name has the address 127.0.0.1 until a test says more. */
export class ChallengeServer implements AsyncDisposable {
  /** `address:port`, over UDP and TCP. */
  readonly dnsAddress: string;
  readonly #management: string;
  readonly #program: TestProgram;

  private constructor(dnsPort: number, managementPort: number) {
    this.dnsAddress = `127.0.0.1:${dnsPort}`;
    this.#management = `http://127.0.0.1:${managementPort}`;
    // Its answers to http-01 and tls-alpn-01 are off: those are the test's own, or the product's.
    const off = ['-http01', '', '-https01', '', '-tlsalpn01', ''];
    const on = ['-dns01', this.dnsAddress, '-management', `127.0.0.1:${managementPort}`];
    this.#program = new TestProgram('pebble-challtestsrv', [
      ...off,
      ...on,
      '-defaultIPv4',
      '127.0.0.1',
      '-defaultIPv6',
      '',
    ]);
  }

  static async start(): Promise<ChallengeServer> {
    const server = new ChallengeServer(await freePort(), await freePort());
    await eventually(() => server.#isUp(), { what: 'the DNS server' });
    return server;
  }

  /** Adds a value; a name may have several. */
  addTxt(name: string, value: string): Promise<void> {
    return this.#post('set-txt', { host: `${name}.`, value });
  }

  /** Removes all values. */
  clearTxt(name: string): Promise<void> {
    return this.#post('clear-txt', { host: `${name}.` });
  }

  /** The addresses of a name instead of 127.0.0.1, and of those of before. */
  async setAddresses(name: string, addresses: readonly string[]): Promise<void> {
    await this.#post('clear-a', { host: `${name}.` });
    await this.#post('add-a', { host: `${name}.`, addresses });
  }

  /** From now on questions about this name fail. */
  breakName(name: string): Promise<void> {
    return this.#post('set-servfail', { host: `${name}.` });
  }

  /** Names that Pebble has asked for, with the type as a number (1 A, 16 TXT, 28 AAAA). */
  async dnsHistory(name: string): Promise<readonly { readonly q: { readonly Qtype: number } }[]> {
    const response = await this.#fetch('dns-request-history', { host: name });
    return (await response.json()) as readonly { readonly q: { readonly Qtype: number } }[];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program.end();
  }

  async #isUp(): Promise<boolean> {
    this.#program.assertRunning();
    await this.#post('clear-txt', { host: 'nobody.test.' });
    return true;
  }

  async #post(action: string, body: object): Promise<void> {
    const response = await this.#fetch(action, body);
    await response.arrayBuffer();
  }

  async #fetch(action: string, body: object): Promise<Response> {
    const response = await fetch(`${this.#management}/${action}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${action}: ${response.status} ${await response.text()}`);
    return response;
  }
}
