// acme-client types only its `Client`, which hides the HTTP status and the problem document of a failure. What is below it
// does the signing; version 5.4.0 is pinned, and tests/acme would show any change.
declare module 'acme-client/src/http.js' {
  interface LibraryAnswer {
    readonly status: number;
    readonly headers: Readonly<Record<string, unknown>>;
    readonly data: unknown;
  }

  interface SignOptions {
    /** Account URL; null: the key itself is sent. */
    readonly kid?: string | null;
    readonly includeExternalAccountBinding?: boolean;
  }

  export default class HttpClient {
    constructor(
      directoryUrl: string,
      accountKey: Buffer,
      externalAccountBinding?: { readonly kid: string; readonly hmacKey: string },
    );
    maxBadNonceRetries: number;
    request(url: string, method: string, options?: { readonly data?: unknown }): Promise<LibraryAnswer>;
    /** Unsigned and unlimited: one that has not been used. */
    getNonce(): Promise<string>;
    getDirectory(): Promise<unknown>;
    getJwk(): Readonly<Record<string, string>>;
    /** Asks again after `badNonce`, at most `maxBadNonceRetries` times. `payload` null: POST-as-GET. */
    signedRequest(url: string, payload: object | null, options?: SignOptions): Promise<LibraryAnswer>;
  }
}
