import { once } from 'node:events';
import { createSecureContext, createServer, type SecureContext, type Server } from 'node:tls';
import type { ChallengeAnswer, ChallengeSolver } from '@dproxy/certs';

/** Answers tls-alpn-01 (RFC 8737 section 3) as a small TLS server, until the product does. */
export class TlsAnswers implements ChallengeSolver, AsyncDisposable {
  /** By the SNI. */
  readonly standing = new Map<string, SecureContext>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer(
      {
        ALPNProtocols: ['acme-tls/1'],
        SNICallback: (name, done) => {
          done(null, this.standing.get(name));
        },
      },
      (socket) => socket.end(),
    );
    this.#server.on('tlsClientError', () => {});
  }

  static async listen(port: number): Promise<TlsAnswers> {
    const answers = new TlsAnswers();
    answers.#server.listen(port, '127.0.0.1');
    await once(answers.#server, 'listening');
    return answers;
  }

  async present(answer: ChallengeAnswer): Promise<void> {
    if (answer.type !== 'tls-alpn-01') throw new Error(`${answer.type} is not for a TLS server`);
    const { certificatePem, keyPem } = answer.material;
    this.standing.set(answer.host, createSecureContext({ cert: certificatePem, key: keyPem }));
  }

  async withdraw(answer: ChallengeAnswer): Promise<void> {
    if (answer.type === 'tls-alpn-01') this.standing.delete(answer.host);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    await once(this.#server, 'close');
  }
}
