// https://docs.digitalocean.com/products/networking/dns/reference/api/domains
// https://docs.digitalocean.com/products/networking/dns/reference/api/domain-records
import { callApi, type ApiAnswer } from '../call-api.ts';
import type { DnsProvider, ProviderContext, TxtRecord } from '../dns-provider.ts';
import { findHostedZone, relativeName } from '../find-hosted-zone.ts';
import type { HostedZone } from '../zone-memory.ts';
import { listAt, parseJson, textAt } from './json.ts';

interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: string;
  readonly subject: string;
}

export class DigitalOcean implements DnsProvider {
  readonly #context: ProviderContext;

  constructor(context: ProviderContext) {
    this.#context = context;
  }

  async add({ name, value, zone: named }: TxtRecord, signal: AbortSignal): Promise<void> {
    const zone = await this.#findZone({ name, zone: named }, signal);
    // The API keeps the same record twice when it is told twice.
    if ((await this.#findRecords(zone, { name, value }, signal)).length > 0) return;
    const record = { type: 'TXT', name: relativeName(name, zone.name), data: value, ttl: this.#context.ttl };
    const path = `/${zone.id}/records`;
    const subject = `${name} in ${zone.name}`;
    await this.#call({ method: 'POST', path, body: JSON.stringify(record), subject }, signal);
  }

  async remove({ name, value, zone: named }: TxtRecord, signal: AbortSignal): Promise<void> {
    const zone = await this.#findZone({ name, zone: named }, signal);
    for (const id of await this.#findRecords(zone, { name, value }, signal)) {
      const path = `/${zone.id}/records/${id}`;
      // oxlint-disable-next-line no-await-in-loop -- there is one
      await this.#call({ method: 'DELETE', path, subject: `${name} in ${zone.name}` }, signal);
    }
  }

  #findZone(record: Pick<TxtRecord, 'name' | 'zone'>, signal: AbortSignal): Promise<HostedZone> {
    const { title, zones } = this.#context;
    const ask = async (candidate: string): Promise<HostedZone | undefined> => {
      const id = encodeURIComponent(candidate);
      const { status } = await this.#call({ method: 'GET', path: `/${id}`, subject: `domain ${candidate}` }, signal);
      return status === 404 ? undefined : { id, name: candidate };
    };
    const advice = 'Add the domain to the DigitalOcean team of this token, and give the token the scope domain:read.';
    return findHostedZone(record, { title, zones, ask, advice });
  }

  /** Ids of the records with this value. */
  async #findRecords(
    zone: HostedZone,
    { name, value }: Pick<TxtRecord, 'name' | 'value'>,
    signal: AbortSignal,
  ): Promise<string[]> {
    const query = new URLSearchParams({ type: 'TXT', name, per_page: '200' });
    const path = `/${zone.id}/records?${query.toString()}`;
    const { body } = await this.#call({ method: 'GET', path, subject: `${name} in ${zone.name}` }, signal);
    const relative = relativeName(name, zone.name);
    return listAt(parseJson(body), 'domain_records')
      .filter((record) => textAt(record, 'name') === relative && textAt(record, 'data') === value)
      .map((record) => encodeURIComponent(textAt(record, 'id')));
  }

  #call({ method, path, body, subject }: Call, signal: AbortSignal): Promise<ApiAnswer> {
    const { option } = this.#context;
    const headers = { authorization: `Bearer ${option('token')}`, 'content-type': 'application/json' };
    const url = `${option('endpoint').replace(/\/$/, '')}/v2/domains${path}`;
    const request = { method, url, headers, ...(body === undefined ? {} : { body }) };
    return callApi(() => request, {
      ...this.#context,
      subject,
      signal,
      accepts: ({ status }) => status === 404 && method !== 'POST',
      messageOf: (text) => textAt(parseJson(text), 'message'),
      adviceFor,
    });
  }
}

function adviceFor({ status }: ApiAnswer): string {
  if (status === 401) return 'Check the token: DigitalOcean does not know it, or it has expired.';
  if (status === 403) return 'Give the token the scopes domain:create, domain:read and domain:delete.';
  return status >= 500 ? 'DigitalOcean has trouble; it is tried again.' : 'Look at the message of DigitalOcean.';
}
