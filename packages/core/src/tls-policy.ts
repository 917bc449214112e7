/** Mozilla's names: `modern` is TLS 1.3 only, `intermediate` adds TLS 1.2 with forward-secret AEAD suites. */
export type TlsProfile = 'modern' | 'intermediate';

/** What a host asks of TLS beside the default. */
export interface TlsPolicy {
  /** A host pattern like `Route.host`; the most specific one holds. */
  readonly id: string;
  readonly profile: TlsProfile;
  /**
   * Client certificates: `none` asks for none; `optional` verifies the one that is sent; `require` refuses clients without.
   */
  readonly clientCertificates: 'none' | 'optional' | 'require';
  /** PEM of the authorities that client certificates must come from; empty for `none`. */
  readonly clientCaPem: string;
}
