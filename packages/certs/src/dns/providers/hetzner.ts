// https://docs.hetzner.cloud/reference/cloud#dns: the DNS of the Cloud API, which followed the DNS console's own API.
import { setTimeout as delay } from 'node:timers/promises';
import { IssueError } from '../../ports.ts';
import { callApi, type ApiAnswer } from '../call-api.ts';
import type { DnsProvider, ProviderContext, TxtRecord } from '../dns-provider.ts';
import { findHostedZone, relativeName } from '../find-hosted-zone.ts';
import type { HostedZone } from '../zone-memory.ts';
import { redact } from '../redact.ts';
import { fieldAt, listAt, parseJson, textAt } from './json.ts';

const ACTION_PAUSE_MS = 500;

interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  readonly subject: string;
}

export class Hetzner implements DnsProvider {
  readonly #context: ProviderContext;

  constructor(context: ProviderContext) {
    this.#context = context;
  }

  async add(record: TxtRecord, signal: AbortSignal): Promise<void> {
    const { name } = record;
    const quoted = `"${record.value}"`;
    await this.#inTurn(record, signal, async (zone, values) => {
      if (values?.includes(quoted) === true) return;
      // A set has one TTL: one that is there already keeps its own.
      const ttl = values === undefined ? { ttl: this.#context.ttl } : {};
      await this.#change(zone, { name, verb: 'add_records', body: { ...ttl, records: [{ value: quoted }] } }, signal);
    });
  }

  async remove(record: TxtRecord, signal: AbortSignal): Promise<void> {
    const { name } = record;
    const quoted = `"${record.value}"`;
    await this.#inTurn(record, signal, async (zone, values) => {
      if (values?.includes(quoted) !== true) return;
      await this.#change(zone, { name, verb: 'remove_records', body: { records: [{ value: quoted }] } }, signal);
    });
  }

  /** Reads the set and changes it before the next one does: a set that two make at once is refused. */
  async #inTurn(
    record: TxtRecord,
    signal: AbortSignal,
    change: (zone: HostedZone, values: readonly string[] | undefined) => Promise<void>,
  ): Promise<void> {
    await this.#context.turns.take(async () => {
      const zone = await this.#findZone(record, signal);
      await change(zone, await this.#readValues(zone, record.name, signal));
    });
  }

  #findZone(record: TxtRecord, signal: AbortSignal): Promise<HostedZone> {
    const { title, zones } = this.#context;
    const ask = async (candidate: string): Promise<HostedZone | undefined> => {
      const path = `/zones/${encodeURIComponent(candidate)}`;
      const { status, body } = await this.#call({ method: 'GET', path, subject: `zone ${candidate}` }, signal);
      const id = textAt(fieldAt(parseJson(body), 'zone'), 'id');
      return status === 404 || id === '' ? undefined : { id: encodeURIComponent(id), name: candidate };
    };
    const advice =
      'The token must belong to the Hetzner Cloud project that has the zone; zones of the old DNS console are moved there first.';
    return findHostedZone(record, { title, zones, ask, advice });
  }

  /** The values of that name, in quotes; undefined: it has no TXT records. */
  async #readValues(zone: HostedZone, name: string, signal: AbortSignal): Promise<string[] | undefined> {
    const call = { method: 'GET', path: setPath(zone, name), subject: `${name} in ${zone.name}` } as const;
    const { status, body } = await this.#call(call, signal);
    if (status === 404) return undefined;
    return listAt(fieldAt(parseJson(body), 'rrset'), 'records').map((record) => textAt(record, 'value'));
  }

  /** Changes are queued: the answer is an action, which ends later. */
  async #change(
    zone: HostedZone,
    { name, verb, body }: { readonly name: string; readonly verb: string; readonly body: object },
    signal: AbortSignal,
  ): Promise<void> {
    const subject = `${name} in ${zone.name}`;
    const path = `${setPath(zone, name)}/actions/${verb}`;
    let answer = await this.#call({ method: 'POST', path, body: JSON.stringify(body), subject }, signal);
    const end = performance.now() + this.#context.timeoutMs;
    for (;;) {
      const action = fieldAt(parseJson(answer.body), 'action');
      const status = textAt(action, 'status');
      if (status === 'success') return;
      if (status !== 'running') throw this.#failed(`${verb} for ${subject}`, describeError(fieldAt(action, 'error')));
      if (performance.now() >= end) throw this.#failed(`${verb} for ${subject}`, 'it still runs');
      // oxlint-disable-next-line no-await-in-loop -- until it has ended
      await delay(ACTION_PAUSE_MS, undefined, { signal });
      const id = encodeURIComponent(textAt(action, 'id'));
      // oxlint-disable-next-line no-await-in-loop -- until it has ended
      answer = await this.#call({ method: 'GET', path: `/actions/${id}`, subject }, signal);
    }
  }

  #failed(what: string, why: string): IssueError {
    const { title, secrets } = this.#context;
    const advice = 'It is tried again; look at the zone in the Hetzner Cloud console if it goes on.';
    return new IssueError('unreachable', `${title} did not finish ${what}: ${redact(why, secrets)}`, { advice });
  }

  #call({ method, path, body, subject }: Call, signal: AbortSignal): Promise<ApiAnswer> {
    const { option } = this.#context;
    const headers = { authorization: `Bearer ${option('token')}`, 'content-type': 'application/json' };
    const url = `${option('endpoint').replace(/\/$/, '')}${path}`;
    const request = { method, url, headers, ...(body === undefined ? {} : { body }) };
    return callApi(() => request, {
      ...this.#context,
      subject,
      signal,
      accepts: ({ status }) => status === 404 && method === 'GET',
      messageOf: (text) => describeError(fieldAt(parseJson(text), 'error')),
      adviceFor,
    });
  }
}

function setPath(zone: HostedZone, name: string): string {
  return `/zones/${zone.id}/rrsets/${encodeURIComponent(relativeName(name, zone.name))}/TXT`;
}

function describeError(error: unknown): string {
  const [code, message] = [textAt(error, 'code'), textAt(error, 'message')];
  return code === '' ? message : `${message} (${code})`;
}

function adviceFor({ status }: ApiAnswer): string {
  if (status === 401) {
    return 'Make a token in the Hetzner Cloud console under Security / API tokens; those of the old DNS console do not work here.';
  }
  if (status === 403) return 'The token needs the permission Read & Write.';
  return status >= 500 ? 'Hetzner has trouble; it is tried again.' : 'Look at the message of Hetzner.';
}
