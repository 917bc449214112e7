// https://developers.cloudflare.com/api/resources/zones/methods/list/
// https://developers.cloudflare.com/api/resources/dns/subresources/records/
import { callApi, type ApiAnswer } from '../call-api.ts';
import type { DnsProvider, ProviderContext, TxtRecord } from '../dns-provider.ts';
import { findHostedZone } from '../find-hosted-zone.ts';
import type { HostedZone } from '../zone-memory.ts';
import { listAt, parseJson, textAt } from './json.ts';

/** What Cloudflare says when just that record is there already. */
const IDENTICAL_RECORD = new Set(['81057', '81058']);

interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: string;
  readonly token?: string;
  readonly subject: string;
}

export class Cloudflare implements DnsProvider {
  readonly #context: ProviderContext;

  constructor(context: ProviderContext) {
    this.#context = context;
  }

  async add({ name, value, zone: named }: TxtRecord, signal: AbortSignal): Promise<void> {
    const zone = await this.#findZone({ name, zone: named }, signal);
    const body = JSON.stringify({ type: 'TXT', name, content: `"${value}"`, ttl: this.#context.ttl });
    const path = `/zones/${zone.id}/dns_records`;
    await this.#call({ method: 'POST', path, body, subject: `${name} in ${zone.name}` }, signal);
  }

  async remove({ name, value, zone: named }: TxtRecord, signal: AbortSignal): Promise<void> {
    const zone = await this.#findZone({ name, zone: named }, signal);
    const subject = `${name} in ${zone.name}`;
    const query = new URLSearchParams({ type: 'TXT', 'name.exact': name, per_page: '100' });
    const path = `/zones/${zone.id}/dns_records`;
    const answer = await this.#call({ method: 'GET', path: `${path}?${query.toString()}`, subject }, signal);
    for (const found of listAt(answer, 'result')) {
      const content = textAt(found, 'content');
      if (textAt(found, 'name') !== name || (content !== value && content !== `"${value}"`)) continue;
      const id = encodeURIComponent(textAt(found, 'id'));
      // oxlint-disable-next-line no-await-in-loop -- there is one
      await this.#call({ method: 'DELETE', path: `${path}/${id}`, subject }, signal);
    }
  }

  #findZone(record: Pick<TxtRecord, 'name' | 'zone'>, signal: AbortSignal): Promise<HostedZone> {
    const { title, zones, option } = this.#context;
    const token = option('zoneToken') === '' ? option('token') : option('zoneToken');
    const ask = async (candidate: string): Promise<HostedZone | undefined> => {
      const query = new URLSearchParams({ name: candidate, per_page: '50' });
      const path = `/zones?${query.toString()}`;
      const answer = await this.#call({ method: 'GET', path, token, subject: `zone ${candidate}` }, signal);
      // Only active ones: a zone that was never delegated to Cloudflare answers nobody.
      const found = listAt(answer, 'result').find(
        (zone) => textAt(zone, 'name') === candidate && ['active', ''].includes(textAt(zone, 'status')),
      );
      return found === undefined ? undefined : { id: encodeURIComponent(textAt(found, 'id')), name: candidate };
    };
    const advice =
      'The zone must be active at Cloudflare, and the API token must have Zone / Zone / Read and Zone / DNS / Edit for it.';
    return findHostedZone(record, { title, zones, ask, advice });
  }

  async #call({ method, path, body, subject, token }: Call, signal: AbortSignal): Promise<unknown> {
    const { option } = this.#context;
    const headers = { ...JSON_HEADERS, ...this.#credentials(token ?? option('token')) };
    const url = `${option('endpoint').replace(/\/$/, '')}${path}`;
    const request = { method, url, headers, ...(body === undefined ? {} : { body }) };
    const answer = await callApi(() => request, {
      ...this.#context,
      subject,
      signal,
      accepts: (refused) => errorsOf(refused.body).some(({ code }) => IDENTICAL_RECORD.has(code)),
      messageOf: (text) =>
        errorsOf(text)
          .map(({ code, message }) => `${message} (code ${code})`)
          .join('; '),
      adviceFor,
    });
    return parseJson(answer.body);
  }

  #credentials(token: string): Record<string, string> {
    if (token !== '') return { authorization: `Bearer ${token}` };
    const { option } = this.#context;
    return { 'x-auth-email': option('email'), 'x-auth-key': option('apiKey') };
  }
}

const JSON_HEADERS = { accept: 'application/json', 'content-type': 'application/json' } as const;

function errorsOf(body: string): { code: string; message: string }[] {
  return listAt(parseJson(body), 'errors').map((error) => ({
    code: textAt(error, 'code'),
    message: textAt(error, 'message'),
  }));
}

function adviceFor({ status }: ApiAnswer): string {
  if (status >= 500) return 'Cloudflare has trouble; it is tried again.';
  return 'Check the API token: it needs Zone / DNS / Edit, and Zone / Zone / Read, for this zone.';
}
