// lego's httpreq: https://go-acme.github.io/lego/dns/httpreq/
import type { DnsProvider, ProviderContext, TxtRecord } from '../dns-provider.ts';
import { callApi } from '../call-api.ts';

export class HttpReq implements DnsProvider {
  readonly #context: ProviderContext;

  constructor(context: ProviderContext) {
    this.#context = context;
  }

  async add(record: TxtRecord, signal: AbortSignal): Promise<void> {
    await this.#post('present', record, signal);
  }

  async remove(record: TxtRecord, signal: AbortSignal): Promise<void> {
    await this.#post('cleanup', record, signal);
  }

  async #post(action: 'present' | 'cleanup', record: TxtRecord, signal: AbortSignal): Promise<void> {
    const { option } = this.#context;
    const url = new URL(option('endpoint'));
    url.pathname = `${url.pathname.replace(/\/$/, '')}/${action}`;
    const { name, value, host, token, keyAuthorization } = record;
    const isRaw = option('mode').toUpperCase() === 'RAW';
    const body = isRaw ? { domain: host, token, keyAuth: keyAuthorization } : { fqdn: `${name}.`, value };
    const pair = this.#credentials();
    const authorization = pair === '' ? {} : { authorization: `Basic ${pair}` };
    const headers = { accept: 'application/json', 'content-type': 'application/json', ...authorization };
    await callApi(() => ({ method: 'POST', url: url.href, headers, body: JSON.stringify(body) }), {
      ...this.#context,
      secrets: [...this.#context.secrets, pair],
      title: `The hook ${url.origin}${url.pathname}`,
      subject: name,
      signal,
      messageOf: (text) => text,
      adviceFor: ({ status }) =>
        status === 401 || status === 403
          ? 'Check acme.dns.username and acme.dns.password.'
          : 'Look into the log of the hook behind acme.dns.endpoint.',
    });
  }

  /** Empty: none. */
  #credentials(): string {
    const { option } = this.#context;
    if (option('username') === '') return '';
    return Buffer.from(`${option('username')}:${option('password')}`, 'utf8').toString('base64');
  }
}
