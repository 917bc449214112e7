/** What is known about the TLS of a client's connection when its handshake is over. Immutable for the life of the connection. */
export interface TlsFacts {
  /** The name that the client asked for, as routes spell it; empty: it sent none. */
  readonly serverName: string;
  readonly protocol: 'TLSv1.2' | 'TLSv1.3';
  /** The `TlsPolicy` that it was made under; empty: none, the host had no policy, or the client sent no name. */
  readonly policyId: string;
  /**
   * What that policy demanded of client certificates, as a hash over the demand and its authorities; empty: nothing. Two
   * policies that demand the same have the same. Ask `CompiledSnapshot.tls.admits` whether a host may be asked for here.
   */
  readonly demand: string;
  /** Undefined: the client sent none. Under `require` there always is one, and it is verified. */
  readonly clientCertificate: ClientCertificate | undefined;
}

/** The certificate of a client. Only a verified one proves anything: under `optional` clients may send whatever they like. */
export interface ClientCertificate {
  /** Its chain ends at one of the policy's authorities, and it was valid when the session began. */
  readonly verified: boolean;
  /** Why it is not verified, OpenSSL's word such as `CERT_HAS_EXPIRED`; empty when it is. */
  readonly problem: string;
  /** Distinguished name, one line, attributes separated by comma (`CN=alice,O=Example`); free of control characters. */
  readonly subject: string;
  readonly issuer: string;
  /** Hex, as in the certificate. */
  readonly serialNumber: string;
  /** SHA-256 of the certificate, lower-case hex without colons. */
  readonly fingerprint: string;
  /** Epoch milliseconds. */
  readonly notAfterMs: number;
}
