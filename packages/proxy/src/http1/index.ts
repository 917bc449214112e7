export { createBodyDecoder } from './body-decoder.ts';
export type { BodyDecoder, BodySink, DecoderOptions, DecoderOutput } from './body.ts';
export { CHUNK_END, chunkHeader, LAST_CHUNK } from './chunk-writer.ts';
export { HeadProgress } from './head-progress.ts';
export { checkHeaderBlock, headerLine } from './header-line.ts';
export {
  compileHeaderRules,
  isCodecOwned,
  type CompiledHeaderRules,
  type CompiledRouteHeaders,
} from './header-rules.ts';
export { type ForwardedClaims, type Framing, NO_CLAIMS, type RequestHead, type ResponseHead } from './message.ts';
export { parseRequestHead } from './request-parser.ts';
export { writeRequestHead, type RequestAdditions } from './request-writer.ts';
export { parseResponseHead, type ResponseContext } from './response-parser.ts';
export { clientFraming, writeInterimHead, writeResponseHead, type ResponseAdditions } from './response-writer.ts';
