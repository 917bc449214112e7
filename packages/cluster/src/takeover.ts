import { connect } from 'node:net';
import type { Log } from '@dproxy/core';
import { Channel } from './ipc/channel.ts';
import { encodeFrame, WORKER_FRAME_BYTES } from './ipc/frames.ts';
import type { TakeoverAnswer, TakeoverMessage } from './ipc/messages.ts';
import { parseTakeoverAnswer } from './ipc/parse.ts';
import { PrimaryLock, PrimaryLockHeld } from './primary-lock.ts';

export interface TakeoverOptions {
  readonly lockPath: string;
  readonly socketPath: string;
  readonly instance: string;
  readonly pid: number;
  readonly log: Log;
  /** How long the old primary has to answer; 10 s. */
  readonly timeoutMs?: number;
}

/**
 * Gets the primary lock. After a kill -9 of PM2 the old primary lives on without a supervisor and keeps the workers
 * up to date; when a new supervisor starts a new primary, that one asks it to hand over. Any other holder refuses.
 * @throws PrimaryLockHeld
 */
export async function becomePrimary(options: TakeoverOptions): Promise<PrimaryLock> {
  try {
    return await PrimaryLock.acquire(options.lockPath, options.pid);
  } catch (error) {
    if (!(error instanceof PrimaryLockHeld)) throw error;
    const answer = await askForTakeover(options);
    if (answer.type === 'refused') {
      options.log.error(
        { holder: error.holder.pid, reason: answer.reason },
        'the primary that runs does not hand over',
      );
      throw error;
    }
    options.log.info({ holder: error.holder.pid }, 'took over from a primary whose supervisor is gone');
    return PrimaryLock.acquire(options.lockPath, options.pid);
  }
}

/** Says TAKEOVER. `refused` also when nobody answers. */
export function askForTakeover(options: Omit<TakeoverOptions, 'lockPath' | 'log'>): Promise<TakeoverAnswer> {
  const { socketPath, instance, pid, timeoutMs = 10_000 } = options;
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    let answer: TakeoverAnswer | undefined;
    const timer = setTimeout(() => channel.close(), timeoutMs);
    const channel = new Channel(socket, WORKER_FRAME_BYTES, {
      message: (value) => {
        answer = parseTakeoverAnswer(value);
        channel.end();
      },
      closed: (error) => {
        clearTimeout(timer);
        resolve(answer ?? { type: 'refused', reason: error?.message ?? 'it does not answer' });
      },
    });
    socket.once('connect', () =>
      channel.write(encodeFrame({ type: 'takeover', instance, pid } satisfies TakeoverMessage)),
    );
  });
}
