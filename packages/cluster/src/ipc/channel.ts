import type { Socket } from 'node:net';
import { FrameReader } from './frames.ts';

export interface ChannelHandlers {
  /** Called for each message in order; what it throws closes the channel with that error. */
  message(value: unknown): void;
  /** Once, whatever the reason; `error` is undefined when the other side simply went. */
  closed(error: Error | undefined): void;
}

/** One side of a connection between primary and worker: frames in, frames out. */
export class Channel {
  readonly #socket: Socket;
  #error: Error | undefined;
  #closed = false;

  constructor(socket: Socket, maxBytes: number, handlers: ChannelHandlers) {
    this.#socket = socket;
    const reader = new FrameReader(maxBytes);
    socket.on('error', (error) => {
      this.#error ??= error;
    });
    socket.on('close', () => {
      this.#closed = true;
      handlers.closed(this.#error);
    });
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const value of reader.push(chunk)) {
          if (this.#closed) return;
          handlers.message(value);
        }
      } catch (error) {
        this.#error ??= error instanceof Error ? error : new Error(String(error));
        this.close();
      }
    });
  }

  /** Writes the bytes of `encodeFrame`. A channel that is closed drops them: its `closed` says so. */
  write(frame: Buffer): void {
    if (this.#closed || !this.#socket.writable) return;
    this.#socket.write(frame);
  }

  /** Bytes that the other side has not taken yet. */
  get waitingBytes(): number {
    return this.#socket.writableLength;
  }

  /** Sends what waits, then closes. */
  end(frame?: Buffer): void {
    if (this.#closed) return;
    if (frame === undefined) this.#socket.end();
    else this.#socket.end(frame);
  }

  /** Closes at once; no message is handed on after it. */
  close(): void {
    this.#closed = true;
    this.#socket.destroy();
  }
}
