export { createBodyDecoder } from './body-decoder.ts';
export type { BodyDecoder, BodySink, DecoderOutput } from './body.ts';
export { CHUNK_END, chunkHeader, LAST_CHUNK } from './chunk-writer.ts';
export { fieldNames, fieldValues, withoutFields } from './field-block.ts';
export { isForwardingField } from './field-kind.ts';
export { HeadProgress } from './head-progress.ts';
export { headerLine } from './header-line.ts';
export {
  compileHeaderRules,
  isCodecOwned,
  headerRules,
  plainFieldName,
  withoutTaken,
  type CompiledHeaderRules,
  type CompiledRouteHeaders,
} from './header-rules.ts';
export { type ForwardedClaims, NO_CLAIMS, type RequestHead, type ResponseHead } from './message.ts';
export { parseRequestHead } from './request-parser.ts';
export { rewrittenTarget } from './target.ts';
export { type RequestAdditions, writeRequestHead } from './request-writer.ts';
export { parseResponseHead, type ResponseContext } from './response-parser.ts';
export {
  clientFraming,
  type ResponseAdditions,
  responseBlock,
  toldLength,
  writeInterimHead,
  writeResponseHead,
} from './response-writer.ts';
