import { setTimeout as delay } from 'node:timers/promises';
import { IssueError } from '../../ports.ts';
import type { DnsProvider, ProviderContext, TxtRecord } from '../dns-provider.ts';
import { findHostedZone } from '../find-hosted-zone.ts';
import type { HostedZone } from '../zone-memory.ts';
import { BatchRefused, Route53Api, ROUTE53_NAMESPACE } from './route53-api.ts';
import { escapeQuery } from './sign-aws-request.ts';
import { elementsAt, escapeXml, xmlText, type XmlElement } from './xml.ts';

const SYNC_PAUSE_MS = 1_000;
/** AWS: changes are usually everywhere within 60 seconds. */
const SYNC_DEADLINE_MS = 120_000;
const MAX_TRIES = 5;

interface RecordSet {
  readonly ttl: number;
  /** In quotes, as the API has them. */
  readonly values: readonly string[];
}

export class Route53 implements DnsProvider {
  readonly #context: ProviderContext;
  readonly #api: Route53Api;

  constructor(context: ProviderContext) {
    this.#context = context;
    this.#api = new Route53Api(context);
  }

  async add(record: TxtRecord, signal: AbortSignal): Promise<void> {
    const quoted = `"${record.value}"`;
    const edit = (before: readonly string[]) => (before.includes(quoted) ? before : [...before, quoted]);
    const change = await this.#context.turns.take(() => this.#edit(record, signal, edit));
    if (change !== undefined) await this.#waitForSync(change, record.name, signal);
  }

  /** Done when the change is accepted: nobody waits for the record to be gone everywhere. */
  async remove(record: TxtRecord, signal: AbortSignal): Promise<void> {
    const edit = (before: readonly string[]) => before.filter((other) => other !== `"${record.value}"`);
    await this.#context.turns.take(() => this.#edit(record, signal, edit));
  }

  /**
   * A name has one set of values, which is replaced as a whole: the batch deletes exactly the set that was read and creates the
   * new one, both or none, so that a value that somebody else adds meanwhile is not lost.
   * @returns the answer that names the change; undefined: nothing was to be changed
   */
  async #edit(
    record: TxtRecord,
    signal: AbortSignal,
    change: (before: readonly string[]) => readonly string[],
  ): Promise<XmlElement | undefined> {
    const { name } = record;
    const zone = await this.#findZone(record, signal);
    for (let attempt = 1; ; attempt += 1) {
      // oxlint-disable-next-line no-await-in-loop -- again only when another one was faster
      const before = await this.#readSet(zone, name, signal);
      const values = change(before?.values ?? []);
      if (values.length === (before?.values.length ?? 0)) return undefined;
      const after = values.length === 0 ? undefined : { ttl: before?.ttl ?? this.#context.ttl, values };
      try {
        const path = `/hostedzone/${zone.id}/rrset/`;
        const body = batchXml(name, before, after);
        // oxlint-disable-next-line no-await-in-loop -- again only when another one was faster
        return await this.#api.call({ method: 'POST', path, body, subject: `${name} in ${zone.name}` }, signal);
      } catch (error) {
        if (!(error instanceof BatchRefused)) throw error;
        if (attempt >= MAX_TRIES) throw this.#refused(`${name} in ${zone.name}`, error);
      }
    }
  }

  async #findZone(record: TxtRecord, signal: AbortSignal): Promise<HostedZone> {
    const { title, zones, option } = this.#context;
    const known = option('hostedZoneId');
    if (known !== '') return { id: known, name: known };
    const ask = async (candidate: string): Promise<HostedZone | undefined> => {
      const path = `/hostedzonesbyname?dnsname=${escapeQuery(candidate)}&maxitems=10`;
      const answer = await this.#api.call({ method: 'GET', path, subject: `zone ${candidate}` }, signal);
      // Private zones of the same name are passed over: an authority does not see them.
      const found = elementsAt(answer, 'HostedZones', 'HostedZone').find(
        (zone) => xmlText(zone, 'Name') === `${candidate}.` && xmlText(zone, 'Config', 'PrivateZone') !== 'true',
      );
      const id = /^\/hostedzone\/([A-Z0-9]{1,32})$/.exec(found === undefined ? '' : xmlText(found, 'Id'))?.[1];
      return id === undefined ? undefined : { id, name: candidate };
    };
    const advice = 'Make a public hosted zone for it, or name one by acme.dns.hostedZoneId.';
    return findHostedZone(record, { title, zones, ask, advice });
  }

  async #readSet(zone: HostedZone, name: string, signal: AbortSignal): Promise<RecordSet | undefined> {
    const path = `/hostedzone/${zone.id}/rrset?maxitems=1&name=${escapeQuery(name)}&type=TXT`;
    const answer = await this.#api.call({ method: 'GET', path, subject: `${name} in ${zone.name}` }, signal);
    // The list begins at that name, or with the next one when there is none.
    const set = elementsAt(answer, 'ResourceRecordSets', 'ResourceRecordSet').find(
      (found) => xmlText(found, 'Name') === `${name}.` && xmlText(found, 'Type') === 'TXT',
    );
    if (set === undefined) return undefined;
    const values = elementsAt(set, 'ResourceRecords', 'ResourceRecord').map((record) => xmlText(record, 'Value'));
    return { ttl: Number(xmlText(set, 'TTL')), values };
  }

  async #waitForSync(answer: XmlElement, name: string, signal: AbortSignal): Promise<void> {
    const end = performance.now() + SYNC_DEADLINE_MS;
    let info = answer;
    while (xmlText(info, 'ChangeInfo', 'Status') !== 'INSYNC') {
      const id = /^(?:\/change\/)?([A-Z0-9]{1,32})$/.exec(xmlText(info, 'ChangeInfo', 'Id'))?.[1];
      if (id === undefined || performance.now() >= end) {
        const message = `${this.#context.title} did not bring the change of ${name} to its name servers`;
        throw new IssueError('unreachable', message, { advice: 'It is tried again.' });
      }
      // oxlint-disable-next-line no-await-in-loop -- until it is there
      await delay(SYNC_PAUSE_MS, undefined, { signal });
      // oxlint-disable-next-line no-await-in-loop -- until it is there
      info = await this.#api.call({ method: 'GET', path: `/change/${id}`, subject: name }, signal);
    }
  }

  #refused(subject: string, cause: BatchRefused): IssueError {
    return new IssueError('misconfigured', `${this.#context.title} refused to change ${subject}: ${cause.message}`, {
      advice:
        'Look whether the name has a CNAME record or a routing policy, or another program changes it all the time.',
      cause,
    });
  }
}

function batchXml(name: string, before: RecordSet | undefined, after: RecordSet | undefined): string {
  const changes = [before && changeXml('DELETE', name, before), after && changeXml('CREATE', name, after)];
  const list = changes.map((change) => change ?? '').join('');
  return `<?xml version="1.0" encoding="UTF-8"?><ChangeResourceRecordSetsRequest xmlns="${ROUTE53_NAMESPACE}"><ChangeBatch><Changes>${list}</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>`;
}

function changeXml(action: 'CREATE' | 'DELETE', name: string, { ttl, values }: RecordSet): string {
  const records = values.map((value) => `<ResourceRecord><Value>${escapeXml(value)}</Value></ResourceRecord>`).join('');
  return `<Change><Action>${action}</Action><ResourceRecordSet><Name>${escapeXml(name)}.</Name><Type>TXT</Type><TTL>${ttl}</TTL><ResourceRecords>${records}</ResourceRecords></ResourceRecordSet></Change>`;
}
