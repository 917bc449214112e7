// Dynamic updates (RFC 2136), signed with TSIG (RFC 8945), over TCP: nothing is cut and no answer can be forged from aside.
import { randomInt } from 'node:crypto';
import { IssueError } from '../../ports.ts';
import type { DnsProvider, ProviderContext, TxtRecord } from '../dns-provider.ts';
import { algorithmName } from '../expected-option.ts';
import { exchangeTcp, ServerSilent } from '../wire/exchange.ts';
import { MalformedMessage } from '../wire/malformed-message.ts';
import {
  CLASS,
  decodeMessage,
  encodeHeader,
  encodeQuery,
  encodeQuestion,
  encodeRecord,
  encodeText,
  OPCODE,
  TYPE,
  type DnsMessage,
} from '../wire/message.ts';
import { isWithin, suffixesOf } from '../wire/name.ts';
import { formatServer, parseServerAddress, type ServerAddress } from '../wire/server-address.ts';
import { BadSignature, signMessage, verifyAnswer, type TsigAlgorithm, type TsigKey } from '../wire/tsig.ts';

export class Rfc2136 implements DnsProvider {
  readonly #context: ProviderContext;
  readonly #server: ServerAddress;
  /** Undefined: nothing is signed. */
  readonly #key: TsigKey | undefined;

  constructor(context: ProviderContext) {
    this.#context = context;
    const server = parseServerAddress(context.option('nameserver'));
    if (server === undefined) throw new TypeError('nameserver was not checked');
    this.#server = server;
    const name = context.option('tsigKey');
    this.#key =
      name === ''
        ? undefined
        : {
            name,
            // Checked when the options were read.
            algorithm: algorithmName(context.option('tsigAlgorithm')) as TsigAlgorithm,
            secret: Buffer.from(context.option('tsigSecret'), 'base64'),
          };
  }

  /** Adding what is there does nothing, and other values stay (RFC 2136 section 3.4.2.2). */
  async add(record: TxtRecord, signal: AbortSignal): Promise<void> {
    await this.#update(record, { class: CLASS.in, ttl: this.#context.ttl }, signal);
  }

  /** Class NONE deletes this one value, or nothing (RFC 2136 section 3.4.2.4). */
  async remove(record: TxtRecord, signal: AbortSignal): Promise<void> {
    await this.#update(record, { class: CLASS.none, ttl: 0 }, signal);
  }

  async #update(record: TxtRecord, change: { class: number; ttl: number }, signal: AbortSignal): Promise<void> {
    const zone = await this.#findZone(record.name, signal);
    const message = Buffer.concat([
      encodeHeader(randomInt(0x1_00_00), OPCODE.update << 11, [1, 0, 1, 0]),
      encodeQuestion({ name: zone, type: TYPE.soa, class: CLASS.in }),
      encodeRecord({ name: record.name, type: TYPE.txt, ...change, data: encodeText(record.value) }),
    ]);
    const answer = await this.#send(message, `${record.name} in ${zone}`, signal);
    if (answer.rcode !== 'NOERROR') throw this.#refusal(answer.rcode, `${record.name} in ${zone}`);
  }

  /** What the server itself says: by the SOA record of the longest name that it answers for. */
  async #findZone(name: string, signal: AbortSignal): Promise<string> {
    let last = '';
    for (const candidate of suffixesOf(name)) {
      const question = { name: candidate, type: TYPE.soa, class: CLASS.in };
      // oxlint-disable-next-line no-await-in-loop -- the longest that it answers for
      const answer = await this.#send(encodeQuery(randomInt(0x1_00_00), question, false), candidate, signal);
      const soa = [...answer.answers, ...answer.authorities].find(({ type }) => type === TYPE.soa);
      if (answer.isAuthoritative && soa !== undefined && isWithin(name, soa.name)) return soa.name;
      last = answer.rcode;
    }
    throw new IssueError('misconfigured', `${formatServer(this.#server)} has no zone for ${name} (it said ${last})`, {
      advice: 'acme.dns.nameserver must be the primary server of the zone, and answer questions of this machine.',
    });
  }

  async #send(message: Buffer, subject: string, signal: AbortSignal): Promise<DnsMessage> {
    const { nowMs, timeoutMs } = this.#context;
    const { signed, mac } =
      this.#key === undefined ? { signed: message, mac: undefined } : signMessage(message, this.#key, nowMs());
    const isAnswer = (bytes: Buffer): boolean =>
      bytes.length >= 12 && ((bytes[2] ?? 0) & 0x80) !== 0 && bytes.readUInt16BE(0) === message.readUInt16BE(0);
    try {
      const bytes = await exchangeTcp(this.#server, signed, { timeoutMs, signal, isAnswer });
      const complaint =
        this.#key === undefined || mac === undefined ? '' : verifyAnswer(bytes, mac, this.#key, nowMs());
      if (complaint !== '') throw this.#refusal(complaint, subject);
      return decodeMessage(bytes);
    } catch (error) {
      throw this.#explain(error, subject);
    }
  }

  #explain(error: unknown, subject: string): unknown {
    if (error instanceof BadSignature) {
      const message = `${formatServer(this.#server)}: ${error.message} (${subject})`;
      return new IssueError('misconfigured', message, { advice: ADVICE.get('BADSIG') ?? '', cause: error });
    }
    if (error instanceof ServerSilent || error instanceof MalformedMessage) {
      return new IssueError('unreachable', `${error.message} (${subject})`, {
        advice: 'Check acme.dns.nameserver, and that TCP port 53 is open towards it.',
        cause: error,
      });
    }
    return error;
  }

  #refusal(code: string, subject: string): IssueError {
    const problem = code === 'SERVFAIL' ? 'unreachable' : 'misconfigured';
    return new IssueError(problem, `${formatServer(this.#server)} answered ${code} for ${subject}`, {
      advice: ADVICE.get(code) ?? 'Look into the log of the name server.',
    });
  }
}

const ADVICE = new Map([
  [
    'REFUSED',
    'Allow this key to update TXT records of the name (BIND: update-policy { grant <key> name <name> TXT; };).',
  ],
  [
    'NOTAUTH',
    'acme.dns.nameserver must be the primary server of the zone, and the update must be signed with its key.',
  ],
  ['NOTIMP', 'The name server takes no dynamic updates.'],
  [
    'BADKEY',
    'The name server does not know a key of this name and algorithm: correct acme.dns.tsigKey or tsigAlgorithm.',
  ],
  ['BADSIG', 'Correct acme.dns.tsigSecret: both sides must have the same.'],
  ['BADTIME', 'Set the clocks of both machines: they differ by more than five minutes.'],
]);
