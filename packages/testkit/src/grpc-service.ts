import { type MethodDefinition, type ServiceDefinition } from '@grpc/grpc-js';

/** Kinds of calls, by whether requests and responses are streams. */
export type GrpcKind = 'unary' | 'upload' | 'download' | 'chat';

function method(path: GrpcKind, requestStream: boolean, responseStream: boolean): MethodDefinition<Buffer, Buffer> {
  const asIs = (bytes: Buffer): Buffer => bytes;
  return {
    path: `/dproxy.test.Echo/${path}`,
    requestStream,
    responseStream,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  };
}

/** A service of bytes: no message format is needed to see whether messages arrive. */
export const GRPC_SERVICE = {
  unary: method('unary', false, false),
  upload: method('upload', true, false),
  download: method('download', false, true),
  chat: method('chat', true, true),
} satisfies ServiceDefinition;
