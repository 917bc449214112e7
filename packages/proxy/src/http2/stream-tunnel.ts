import { constants, type ServerHttp2Stream } from 'node:http2';
import { Deadline, type DeadlineWheel } from '../deadline-wheel.ts';
import type { TunnelClient } from '../tunnel/tunnel.ts';

/** How long a client may take for the last bytes of a tunnel. */
const FLUSH_MS = 30_000;

export interface StreamTunnelOptions {
  readonly wheel: DeadlineWheel;
  readonly bytesSent: (byteLength: number) => void;
  /** Ends the stream, whether its client takes part or not. */
  readonly reset: (code: number) => void;
}

/** The client's end of a tunnel in a stream of HTTP/2 (RFC 8441): DATA frames are its bytes, END_STREAM its FIN, RST_STREAM its reset. */
export class StreamTunnelClient implements TunnelClient {
  readonly #stream: ServerHttp2Stream;
  readonly #options: StreamTunnelOptions;
  #held = 0;

  constructor(stream: ServerHttp2Stream, options: StreamTunnelOptions) {
    this.#stream = stream;
    this.#options = options;
  }

  get holdsBytes(): boolean {
    return this.#held > 0;
  }

  writeBytes(bytes: Buffer): boolean {
    if (this.#stream.destroyed || this.#stream.writableEnded) return true;
    this.#options.bytesSent(bytes.length);
    this.#held++;
    return this.#stream.write(bytes, () => {
      this.#held--;
    });
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  end(): void {
    if (!this.#stream.destroyed) this.#stream.end();
  }

  destroySoon(): void {
    const stream = this.#stream;
    if (stream.destroyed) return;
    const { wheel, reset } = this.#options;
    const deadline = new Deadline(wheel, { onDeadline: () => reset(constants.NGHTTP2_CANCEL) });
    deadline.set(FLUSH_MS);
    stream.once('close', () => deadline.dispose());
    stream.end(() => stream.close(constants.NGHTTP2_NO_ERROR));
  }

  reset(): void {
    this.#options.reset(constants.NGHTTP2_CONNECT_ERROR);
  }
}
