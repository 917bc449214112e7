import { ClientHelloError } from './client-hello-error.ts';
import { VectorReader } from './vector-reader.ts';

/** What we need to know of a ClientHello before the TLS engine sees it. */
export interface ClientHello {
  /** Lower case, as it was sent otherwise; undefined: no SNI. */
  readonly serverName: string | undefined;
  /** ALPN, in the client's order of preference. */
  readonly protocols: readonly string[];
  /** Such as 0x0304 for TLS 1.3. */
  readonly versions: readonly number[];
  /** Hex of the first 16 bytes of each session ticket it offers: for tickets that we made, the name of the key. */
  readonly ticketNames: readonly string[];
}

const EXTENSION = { serverName: 0, alpn: 16, sessionTicket: 35, preSharedKey: 41, supportedVersions: 43 } as const;
const HOST_NAME = 0;
const MAX_HOST_NAME_BYTES = 255;
const RANDOM_BYTES = 32;
const MAX_SESSION_ID_BYTES = 32;
export const TICKET_NAME_BYTES = 16;

type Extensions = ReadonlyMap<number, Buffer>;

/**
 * Reads the body of a ClientHello (RFC 8446 section 4.1.2, RFC 5246 section 7.4.1.2), without its four bytes of header.
 *
 * Strict where two readers could differ: what OpenSSL would see may not be another name than the one that the policy was
 * chosen by, so a repeated extension or a second name is an error here.
 *
 * @throws ClientHelloError and nothing else
 */
export function parseClientHello(body: Buffer): ClientHello {
  const reader = new VectorReader(body, 'the ClientHello');
  const legacyVersion = reader.uint16();
  reader.bytes(RANDOM_BYTES);
  if (reader.vector8('the session id').rest().length > MAX_SESSION_ID_BYTES) throw reader.fail('has a long session id');
  const suites = reader.vector16('the cipher suites').rest().length;
  if (suites === 0 || suites % 2 === 1) throw reader.fail('has malformed cipher suites');
  if (reader.vector8('the compression methods').isAtEnd) throw reader.fail('has no compression method');
  const extensions = reader.isAtEnd ? new Map<number, Buffer>() : readExtensions(reader.vector16('the extensions'));
  reader.end();
  return {
    serverName: read(extensions, EXTENSION.serverName, readServerName),
    protocols: read(extensions, EXTENSION.alpn, readProtocols) ?? [],
    versions: read(extensions, EXTENSION.supportedVersions, readVersions) ?? [legacyVersion],
    ticketNames: [
      ...(read(extensions, EXTENSION.preSharedKey, readIdentities) ?? []),
      ...(read(extensions, EXTENSION.sessionTicket, (data) => ticketName(data.rest())) ?? []),
    ],
  };
}

function readExtensions(reader: VectorReader): Extensions {
  const extensions = new Map<number, Buffer>();
  while (!reader.isAtEnd) {
    const type = reader.uint16();
    const data = reader.bytes(reader.uint16());
    // RFC 8446 section 4.2.
    if (extensions.has(type)) throw new ClientHelloError('illegal_parameter', `extension ${type} is there twice`);
    extensions.set(type, data);
  }
  return extensions;
}

function read<T>(extensions: Extensions, type: number, parse: (data: VectorReader) => T): T | undefined {
  const data = extensions.get(type);
  if (data === undefined) return undefined;
  const reader = new VectorReader(data, `extension ${type}`);
  const value = parse(reader);
  reader.end();
  return value;
}

/** RFC 6066 section 3: at most one name of a type, and there is only one type. */
function readServerName(data: VectorReader): string {
  const list = data.vector16('the list of server names');
  if (list.uint8() !== HOST_NAME) throw list.fail('has a name of an unknown type');
  const name = list.bytes(list.uint16());
  list.end();
  if (name.length === 0 || name.length > MAX_HOST_NAME_BYTES) throw list.fail('has a name of a wrong length');
  return name.toString('latin1').toLowerCase();
}

/** RFC 7301 section 3.1. */
function readProtocols(data: VectorReader): string[] {
  const list = data.vector16('the list of protocols');
  const protocols: string[] = [];
  do {
    const protocol = list.bytes(list.uint8());
    if (protocol.length === 0) throw list.fail('has an empty protocol');
    if (!isGreaseName(protocol)) protocols.push(protocol.toString('latin1'));
  } while (!list.isAtEnd);
  return protocols;
}

function readVersions(data: VectorReader): number[] {
  const list = data.vector8('the list of versions');
  const versions: number[] = [];
  do {
    const version = list.uint16();
    if (!isGrease(version)) versions.push(version);
  } while (!list.isAtEnd);
  return versions;
}

/** RFC 8446 section 4.2.11: identities with their ages, then binders, which are the engine's business. */
function readIdentities(data: VectorReader): string[] {
  const list = data.vector16('the list of identities');
  const names: string[] = [];
  do {
    names.push(...ticketName(list.bytes(list.uint16())));
    list.bytes(4);
  } while (!list.isAtEnd);
  data.vector16('the list of binders').rest();
  return names;
}

function ticketName(ticket: Buffer): string[] {
  return ticket.length < TICKET_NAME_BYTES ? [] : [ticket.toString('hex', 0, TICKET_NAME_BYTES)];
}

/** RFC 8701: values that clients make up so that servers stay tolerant: 0x0a0a, 0x1a1a, ... 0xfafa. */
function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);
}

function isGreaseName(name: Buffer): boolean {
  return name.length === 2 && isGrease(name.readUInt16BE(0));
}
