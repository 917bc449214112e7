import { constants, createHash } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { CertificateMaterial, Log, TlsProfile } from '@dproxy/core';
import { LRUCache } from 'lru-cache';
import { type TicketKey, TicketRing } from './ticket-ring.ts';
import type { CompiledTlsPolicy } from './tls-policies.ts';

/** 36 KiB and 0.25 ms each: few beside a handshake, so that a table of 5,000 certificates costs only what is asked for. */
const MAX_CONTEXTS = 1_000;

/**
 * Mozilla's `intermediate` without finite-field Diffie-Hellman, which lets a client make the server work for nothing
 * (CVE-2002-20001). `modern` leaves of it what TLS 1.3 has.
 */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/**
 * OpenSSL's own order without P-521, X448 and ffdhe: the post-quantum hybrid first (it is asked for once more when the client
 * knows it but has sent another share, `*`), then X25519 or P-256, whichever the client has a share for.
 */
const GROUPS = orDefault('?*X25519MLKEM768/?*X25519:?secp256r1/?secp384r1');

/**
 * The server's order holds, but a client that puts ChaCha20 first (a phone without AES instructions) gets it. TLS 1.2
 * renegotiation is refused: a client could have a new handshake for every few bytes (threats: row 35).
 */
const OPTIONS =
  constants.SSL_OP_CIPHER_SERVER_PREFERENCE |
  constants.SSL_OP_PRIORITIZE_CHACHA |
  constants.SSL_OP_NO_RENEGOTIATION |
  constants.SSL_OP_NO_COMPRESSION;

const MIN_VERSION = { modern: 'TLSv1.3', intermediate: 'TLSv1.2' } as const satisfies Record<TlsProfile, string>;

/** How long a session may resume, in seconds. Ticket keys live for two rotations. */
const SESSION_SECONDS = 86_400;
/** A client certificate is not looked at again when its session resumes: what was revoked goes on for that long. */
const VERIFIED_SESSION_SECONDS = 3_600;
const SESSION_ID_CONTEXT_BYTES = 32;

interface Made {
  readonly material: CertificateMaterial;
  readonly generation: number;
  /** Undefined: the certificate cannot be used, which has been said once. */
  readonly context: SecureContext | undefined;
}

/**
 * TLS engines, made when the first client needs one and shared by all connections with the same certificate, policy and ticket
 * key. They outlive Snapshots.
 */
export class SecureContexts {
  readonly #made = new LRUCache<string, Made>({ max: MAX_CONTEXTS });
  readonly #tickets = new TicketRing();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  get size(): number {
    return this.#made.size;
  }

  /** @param keys 48 bytes each, the newest first. @throws RangeError */
  setTicketKeys(keys: readonly Uint8Array[]): void {
    this.#tickets.set(keys);
    for (const [id, { generation }] of this.#made.entries()) if (!this.#tickets.has(generation)) this.#made.delete(id);
  }

  /** After a change of the table: lets go of keys of certificates that are not in it any more. */
  keep(isWanted: (certificateId: string) => boolean): void {
    this.#tickets.forgetDerived();
    for (const [id, { material }] of this.#made.entries()) if (!isWanted(material.id)) this.#made.delete(id);
  }

  /**
   * @param offered `ClientHello.ticketNames`
   * @returns undefined: this certificate cannot be used
   */
  get(
    material: CertificateMaterial,
    policy: CompiledTlsPolicy,
    offered: readonly string[] = [],
  ): SecureContext | undefined {
    const ticketKey = this.#tickets.choose(policy.sessionKey, offered);
    const { generation } = ticketKey;
    const id = `${material.id} ${generation} ${policy.sessionKey}`;
    const known = this.#made.get(id);
    if (known !== undefined && isSame(known.material, material)) return known.context;
    const context = this.#make(material, policy, ticketKey);
    this.#made.set(id, { material, generation, context });
    return context;
  }

  /** One bad certificate, or client CA, harms nobody but its own names. */
  #make(material: CertificateMaterial, policy: CompiledTlsPolicy, ticketKey: TicketKey): SecureContext | undefined {
    const { profile, clientCertificates, clientCaPem, sessionKey } = policy;
    const isVerifying = clientCertificates !== 'none';
    try {
      return createSecureContext({
        cert: material.certificatePem,
        key: material.keyPem,
        // Without a list it would be the public authorities. A policy without authorities verifies nobody.
        ca: clientCaPem === '' ? [] : [clientCaPem],
        minVersion: MIN_VERSION[profile],
        ciphers: CIPHERS,
        ecdhCurve: GROUPS,
        secureOptions: OPTIONS,
        ticketKeys: ticketKey.bytes,
        sessionTimeout: isVerifying ? VERIFIED_SESSION_SECONDS : SESSION_SECONDS,
        // The engine resumes only what began under the same one: a second lock beside the ticket key.
        sessionIdContext: createHash('sha256').update(sessionKey).digest('hex').slice(0, SESSION_ID_CONTEXT_BYTES),
      });
    } catch (error) {
      this.#log.error({ certificate: material.id, policy: policy.id, err: error }, 'this certificate cannot be used');
      return undefined;
    }
  }
}

function isSame(a: CertificateMaterial, b: CertificateMaterial): boolean {
  return a === b || (a.certificatePem === b.certificatePem && a.keyPem === b.keyPem);
}

/** A program that uses `createProxy` may run on a Node whose OpenSSL is older than 3.5, which does not know these signs. */
function orDefault(groups: string): string {
  try {
    createSecureContext({ ecdhCurve: groups });
    return groups;
  } catch {
    return 'auto';
  }
}
