export { GrpcClient, type GrpcAnswer, type GrpcCallOptions, type GrpcClientOptions } from './grpc-client.ts';
export { GrpcOrigin, type GrpcHandlers, type GrpcOriginOptions } from './grpc-origin.ts';
export { type Metadata, type ServerDuplexStream, type ServerUnaryCall, status } from '@grpc/grpc-js';
