import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { encodeAnswer, readQuestion, type AnswerSections } from './dns-encoding.ts';

export interface DnsTestRecord {
  /** Without final dot. */
  readonly name: string;
  readonly type: 'A' | 'NS' | 'CNAME' | 'TXT';
  readonly value: string;
}

/**
 * A small name server on loopback, UDP and TCP on one port, whose records a test changes while it runs. It answers for its zones
 * as RFC 1034 section 4.3.2 says (aliases, referrals, absent names with the SOA record) and refuses all other names.
 */
export class DnsTestServer implements AsyncDisposable {
  readonly zones: string[] = [];
  /** `TXT _acme-challenge.example.test`, as they came. */
  readonly questions: string[] = [];
  /** Whether it says nothing at all. */
  isSilent = false;
  /** Whether answers over UDP are cut, so that they must be asked for again over TCP. */
  isTruncating = false;
  #records: readonly DnsTestRecord[] = [];
  readonly #udp: Socket;
  readonly #tcp: Server;

  private constructor(udp: Socket, tcp: Server) {
    this.#udp = udp;
    this.#tcp = tcp;
    udp.on('message', (query, { port, address }) => {
      if (!this.isSilent) udp.send(this.#answer(query, this.isTruncating), port, address);
    });
    tcp.on('connection', (socket) => {
      socket.on('error', () => {});
      socket.on('data', (bytes: Buffer) => {
        if (this.isSilent) return;
        const answer = this.#answer(bytes.subarray(2), false);
        const length = Buffer.alloc(2);
        length.writeUInt16BE(answer.length);
        socket.end(Buffer.concat([length, answer]));
      });
    });
  }

  /** @param host another address of loopback, where several servers shall have one port */
  static async start(host = '127.0.0.1', port = 0): Promise<DnsTestServer> {
    const tcp = createServer().listen(port, host);
    await once(tcp, 'listening');
    const address = tcp.address();
    if (address === null || typeof address === 'string') throw new Error('a TCP server has an address with a port');
    const udp = createSocket('udp4');
    udp.bind(address.port, host);
    await once(udp, 'listening');
    return new DnsTestServer(udp, tcp);
  }

  get port(): number {
    return this.#udp.address().port;
  }

  get address(): string {
    return `${this.#udp.address().address}:${this.port}`;
  }

  add(...records: readonly DnsTestRecord[]): void {
    this.#records = [...this.#records, ...records];
  }

  remove({ name, type, value }: DnsTestRecord): void {
    this.#records = this.#records.filter(
      (record) => record.name !== name || record.type !== type || record.value !== value,
    );
  }

  valuesOf(name: string): readonly string[] {
    return this.#records.filter((record) => record.name === name && record.type === 'TXT').map(({ value }) => value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = [once(this.#udp, 'close'), once(this.#tcp, 'close')];
    this.#udp.close();
    this.#tcp.close();
    await Promise.all(closed);
  }

  #answer(query: Buffer, isCut: boolean): Buffer {
    const { name, type } = readQuestion(query);
    this.questions.push(`${type} ${name}`);
    return encodeAnswer(query, { ...this.#sections(name, type), isCut });
  }

  #sections(name: string, type: string): AnswerSections {
    const apex = this.zones.filter((zone) => isWithin(name, zone)).toSorted((a, b) => b.length - a.length)[0];
    if (apex === undefined) return { rcode: 5, isAuthoritative: false, answers: [], authorities: [] };
    const soa = { name: apex, type: 'SOA', value: apex } as const;
    const cut = this.#records.filter(
      (r) => r.type === 'NS' && r.name !== apex && isWithin(r.name, apex) && isWithin(name, r.name),
    );
    if (cut.length > 0) return { rcode: 0, isAuthoritative: false, answers: [], authorities: cut };
    const exact = this.#records.filter((record) => record.name === name);
    const own = exact.length > 0 || name === apex ? exact : this.#synthesized(name);
    const found = own.filter((record) => record.type === type || record.type === 'CNAME');
    const answers = type === 'SOA' && name === apex ? [soa] : found;
    const isKnown = own.length > 0 || name === apex || this.#records.some((record) => isWithin(record.name, name));
    return { rcode: isKnown ? 0 : 3, isAuthoritative: true, answers, authorities: answers.length > 0 ? [] : [soa] };
  }

  /** What a wildcard of the parent has for a name that does not exist (RFC 4592). */
  #synthesized(name: string): readonly DnsTestRecord[] {
    const wildcard = `*.${name.slice(name.indexOf('.') + 1)}`;
    return this.#records.filter((record) => record.name === wildcard).map((record) => ({ ...record, name }));
  }
}

function isWithin(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}
