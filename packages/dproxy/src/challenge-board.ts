import { IssueError, type ChallengeAnswer, type ChallengeSolver } from '@dproxy/certs';
import type { CertificateMaterial, Challenge } from '@dproxy/core';

export interface ChallengeBoardOptions {
  /** From then on there is a table to show them in. */
  readonly ready: Promise<void>;
  /** Puts these, and no others, into the table. @returns the version of the table that has them */
  readonly show: (challenges: readonly Challenge[], material: ReadonlyMap<string, CertificateMaterial>) => number;
  /** Whether every worker that serves has this version or a later one; false at the deadline. */
  readonly acknowledged: (version: number) => Promise<boolean>;
}

/**
 * What certificate authorities will find at our doors. The kernel gives a connection to any worker, so an answer counts as
 * presented only when all of them have it. It travels in the table, so that a worker that starts meanwhile has it too.
 */
export class ChallengeBoard implements ChallengeSolver {
  readonly #options: ChallengeBoardOptions;
  readonly #challenges = new Map<string, Challenge>();
  readonly #material = new Map<string, CertificateMaterial>();

  constructor(options: ChallengeBoardOptions) {
    this.#options = options;
  }

  async present(answer: ChallengeAnswer, signal: AbortSignal): Promise<void> {
    const challenge = toChallenge(answer);
    await this.#options.ready;
    signal.throwIfAborted();
    this.#challenges.set(challenge.id, challenge);
    if (answer.type === 'tls-alpn-01') this.#material.set(answer.material.id, answer.material);
    const version = this.#show();
    const isPresented = await this.#options.acknowledged(version);
    signal.throwIfAborted();
    if (isPresented) return;
    throw new IssueError('internal', 'not every worker has the answer to the challenge', {
      host: answer.host,
      advice: 'see /service/balancer for workers that are not online, and their log for the reason',
    });
  }

  async withdraw(answer: ChallengeAnswer): Promise<void> {
    if (answer.type === 'dns-01' || !this.#challenges.delete(toChallenge(answer).id)) return;
    if (answer.type === 'tls-alpn-01') this.#material.delete(answer.material.id);
    this.#show();
    await Promise.resolve();
  }

  #show(): number {
    return this.#options.show([...this.#challenges.values()], new Map(this.#material));
  }
}

function toChallenge(answer: ChallengeAnswer): Challenge {
  const { type, host } = answer;
  switch (type) {
    case 'http-01':
      return {
        id: `http-01:${answer.token}`,
        type,
        host,
        token: answer.token,
        keyAuthorization: answer.keyAuthorization,
      };
    case 'tls-alpn-01':
      return { id: `tls-alpn-01:${host}`, type, host, certificateId: answer.material.id };
    case 'dns-01':
      throw new RangeError('dns-01 is answered by DNS servers, not by workers');
    default:
      return type satisfies never;
  }
}
