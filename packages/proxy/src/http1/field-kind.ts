import { latin1 } from './bytes.ts';

/**
 * The fields that the codec acts on. Everything else is `plain` and goes on untouched.
 * `drop` goes no further and means nothing to us (or is dproxy's own word to backends); `forwarded` and `debug` likewise, but their presence counts.
 */
export type FieldKind =
  | 'plain'
  | 'drop'
  | 'host'
  | 'connection'
  | 'content-length'
  | 'transfer-encoding'
  | 'te'
  | 'upgrade'
  | 'expect'
  | 'accept'
  | 'keep-alive'
  | 'via'
  | 'x-forwarded-for'
  | 'x-forwarded-proto'
  | 'x-forwarded-host'
  | 'x-forwarded-port'
  | 'x-real-ip'
  | 'forwarded'
  | 'x-debug';

interface NamedKind {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly kind: FieldKind;
}

const NAMED: readonly NamedKind[] = (
  [
    ['host', 'host'],
    ['connection', 'connection'],
    ['content-length', 'content-length'],
    ['transfer-encoding', 'transfer-encoding'],
    ['te', 'te'],
    ['upgrade', 'upgrade'],
    ['expect', 'expect'],
    ['accept', 'accept'],
    ['keep-alive', 'keep-alive'],
    ['via', 'via'],
    ['forwarded', 'forwarded'],
    ['trailer', 'drop'],
    ['proxy-connection', 'drop'],
    ['proxy-authorization', 'drop'],
    // RFC 9113 section 3.1: belongs to the h2c upgrade, which is never offered onwards.
    ['http2-settings', 'drop'],
    // CGI turns it into HTTP_PROXY, which HTTP libraries obey (httpoxy, CVE-2016-5385).
    ['proxy', 'drop'],
  ] as const
).map(([name, kind]) => ({ name, kind, bytes: Uint8Array.from(Buffer.from(name, 'latin1')) }));

const FORWARDED_KINDS: ReadonlyMap<string, FieldKind> = new Map<string, FieldKind>([
  ['x-forwarded-for', 'x-forwarded-for'],
  ['x-forwarded-proto', 'x-forwarded-proto'],
  ['x-forwarded-host', 'x-forwarded-host'],
  ['x-forwarded-port', 'x-forwarded-port'],
  ['x-real-ip', 'x-real-ip'],
  ['x-debug', 'x-debug'],
]);

/** Longest name that is looked at, exclusive. */
const NAME_SLOTS = 32;
/** Index into `NAMED` plus one, by length and first letter; no two names share a slot (checked when built). */
const CANDIDATES = new Uint8Array(NAME_SLOTS * 32);
for (const [index, { name }] of NAMED.entries()) {
  const slot = slotOf(name.length, name.charCodeAt(0));
  if (CANDIDATES[slot] !== 0) throw new Error(`field names share a slot: ${name}`);
  CANDIDATES[slot] = index + 1;
}

function slotOf(length: number, firstByte: number): number {
  return (length << 5) | (firstByte & 31);
}

const LOWER_X = 0x78;

/** The kind of the field whose name is at `start` to `end`; names are compared without regard to ASCII case. */
export function fieldKind(bytes: Buffer, start: number, end: number): FieldKind {
  const first = (bytes[start] as number) | 0x20;
  if (first === LOWER_X) return kindOfExtension(bytes, start, end);
  const length = end - start;
  if (length >= NAME_SLOTS) return 'plain';
  const candidate = CANDIDATES[slotOf(length, first)] as number;
  if (candidate === 0) return 'plain';
  const named = NAMED[candidate - 1] as NamedKind;
  return isName(bytes, start, named.bytes) ? named.kind : 'plain';
}

function isName(bytes: Buffer, start: number, name: Uint8Array): boolean {
  for (let index = 0; index < name.length; index++) {
    // Sound for token characters only: setting bit 5 makes a capital small and leaves `-` and digits as they are.
    if (((bytes[start + index] as number) | 0x20) !== name[index]) return false;
  }
  return true;
}

function kindOfExtension(bytes: Buffer, start: number, end: number): FieldKind {
  const third = end - start > 6 ? (bytes[start + 2] as number) | 0x20 : 0;
  // f(orwarded), r(eal-ip), d(ebug), s(sl-client)
  if (third !== 0x66 && third !== 0x72 && third !== 0x64 && third !== 0x73) return 'plain';
  return kindOfLowerCase(latin1(bytes, start, end).toLowerCase());
}

function kindOfLowerCase(name: string): FieldKind {
  const known = FORWARDED_KINDS.get(name);
  if (known !== undefined) return known;
  if (name.startsWith('x-forwarded-') || name === 'x-forwarded') return 'forwarded';
  // Who believes these lets in whoever may write them; only dproxy may, where a host asks for client certificates.
  return name.startsWith('x-debug-') || name.startsWith('x-ssl-client-') ? 'drop' : 'plain';
}

/** Whether the parser keeps the field (lower case) from clients that do not speak for us: it tells who the client is. */
export function isForwardingField(name: string): boolean {
  return kindOfLowerCase(name) !== 'plain' || name === 'forwarded';
}

/**
 * Whether a name with `_` or another rare token character could be taken for one that decides about framing or about who
 * the client is: CGI, WSGI and others map every such character to `_` (threat: `Transfer_Encoding`, `X_Forwarded_For`;
 * Traefik's `X_Forwarded_Proto` of 2026 passed its ForwardAuth).
 */
export function isLookalike(name: string): boolean {
  const plain = name.toLowerCase().replaceAll(/[^0-9a-z-]/g, '-');
  const kind = NAMED.find((named) => named.name === plain)?.kind ?? kindOfLowerCase(plain);
  return kind !== 'plain' && kind !== 'accept' && kind !== 'via';
}
