import { randomInt } from 'node:crypto';
import { exchangeTcp, exchangeUdp, type ExchangeOptions } from './exchange.ts';
import { CLASS, decodeMessage, encodeQuery, type DnsMessage } from './message.ts';
import type { ServerAddress } from './server-address.ts';

export interface AskOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Whether the server shall ask others: resolvers yes, authoritative servers no. */
  readonly isRecursive: boolean;
}

/**
 * Asks one server one question over UDP, and again over TCP when the answer was cut.
 * @throws ServerSilent, MalformedMessage, or the signal's reason
 */
export async function ask(
  server: ServerAddress,
  name: string,
  type: number,
  { timeoutMs, signal, isRecursive }: AskOptions,
): Promise<DnsMessage> {
  const query = encodeQuery(randomInt(0x1_00_00), { name, type, class: CLASS.in }, isRecursive);
  const options: ExchangeOptions = { timeoutMs, signal, isAnswer: (bytes) => isAnswerTo(bytes, query) };
  const bytes = await exchangeUdp(server, query, options);
  return decodeMessage(isTruncated(bytes) ? await exchangeTcp(server, query, options) : bytes);
}

/** Same id and same question (RFC 5452 section 9.1); the case of its letters is the server's. */
function isAnswerTo(bytes: Buffer, query: Buffer): boolean {
  if (bytes.length < query.length || ((bytes[2] ?? 0) & 0x80) === 0) return false;
  const question = (message: Buffer) => message.toString('latin1', 12, query.length).toLowerCase();
  return bytes.readUInt16BE(0) === query.readUInt16BE(0) && question(bytes) === question(query);
}

/** Read before the rest is: what was cut need not end with a whole record. */
function isTruncated(bytes: Buffer): boolean {
  return ((bytes[2] ?? 0) & 0x02) !== 0;
}
