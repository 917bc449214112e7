import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { ChallengeAnswer, ChallengeSolver } from '@dproxy/certs';

const PREFIX = '/.well-known/acme-challenge/';

/** Answers http-01 as a small web server, until the product does. */
export class HttpAnswers implements ChallengeSolver, AsyncDisposable {
  /** By host and token. */
  readonly standing = new Map<string, string>();
  /** Every host and token that was ever presented. */
  readonly presented: string[] = [];
  /** Instead of the right answer. */
  wrong = '';
  readonly #server: Server;

  private constructor() {
    this.#server = createServer(({ url = '', headers }, response) => {
      const host = (headers.host ?? '').replace(/:\d+$/, '');
      const token = url.startsWith(PREFIX) ? url.slice(PREFIX.length) : '';
      const answer = this.standing.get(`${host} ${token}`);
      response.writeHead(answer === undefined ? 404 : 200);
      response.end(answer !== undefined && this.wrong !== '' ? this.wrong : answer);
    });
  }

  static async listen(port: number): Promise<HttpAnswers> {
    const answers = new HttpAnswers();
    answers.#server.listen(port, '127.0.0.1');
    await once(answers.#server, 'listening');
    return answers;
  }

  async present(answer: ChallengeAnswer): Promise<void> {
    if (answer.type !== 'http-01') throw new Error(`${answer.type} is not for a web server`);
    this.presented.push(`${answer.host} ${answer.token}`);
    this.standing.set(`${answer.host} ${answer.token}`, answer.keyAuthorization);
  }

  async withdraw(answer: ChallengeAnswer): Promise<void> {
    if (answer.type === 'http-01') this.standing.delete(`${answer.host} ${answer.token}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
