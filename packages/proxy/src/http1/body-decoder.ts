import type { BodyDecoder, DecoderOptions } from './body.ts';
import { ChunkedDecoder } from './chunked-decoder.ts';
import { CloseDecoder, LengthDecoder } from './length-decoder.ts';

/** The decoder for one message body. */
export function createBodyDecoder(options: DecoderOptions): BodyDecoder {
  switch (options.framing) {
    case 'none':
      return new LengthDecoder(0);
    case 'length':
      return new LengthDecoder(options.contentLength);
    case 'chunked':
      return new ChunkedDecoder(options);
    case 'close':
      return new CloseDecoder();
    default:
      return options.framing satisfies never;
  }
}
