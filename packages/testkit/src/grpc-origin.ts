import {
  type Metadata,
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { GRPC_SERVICE } from './grpc-service.ts';

type Bytes = Buffer;

/** What the origin does; those that are not given echo what they get. */
export interface GrpcHandlers {
  readonly unary?: (call: ServerUnaryCall<Bytes, Bytes>, answer: sendUnaryData<Bytes>) => void;
  readonly upload?: (call: ServerReadableStream<Bytes, Bytes>, answer: sendUnaryData<Bytes>) => void;
  readonly download?: (call: ServerWritableStream<Bytes, Bytes>) => void;
  readonly chat?: (call: ServerDuplexStream<Bytes, Bytes>) => void;
}

export interface GrpcOriginOptions extends GrpcHandlers {
  /** Default 0: any. */
  readonly port?: number;
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** A real gRPC server, in clear unless `tls` is given. */
export class GrpcOrigin implements AsyncDisposable {
  readonly port: number;
  /** Metadata of the calls, in order. */
  readonly calls: readonly Metadata[];
  readonly #server: Server;

  private constructor(server: Server, port: number, calls: readonly Metadata[]) {
    this.#server = server;
    this.port = port;
    this.calls = calls;
  }

  static async start({ port = 0, tls, ...handlers }: GrpcOriginOptions = {}): Promise<GrpcOrigin> {
    const server = new Server({ 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 });
    const calls: Metadata[] = [];
    server.addService(GRPC_SERVICE, implementation(handlers, calls));
    const bound = Promise.withResolvers<number>();
    server.bindAsync(`127.0.0.1:${port}`, credentialsOf(tls), (error, boundPort) => {
      if (error === null) bound.resolve(boundPort);
      else bound.reject(error);
    });
    return new GrpcOrigin(server, await bound.promise, calls);
  }

  /** Cuts all calls and connections, and stops listening. Idempotent. */
  close(): void {
    this.#server.forceShutdown();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await Promise.resolve();
  }
}

function credentialsOf(tls: GrpcOriginOptions['tls']): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  return ServerCredentials.createSsl(null, [{ private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.cert) }]);
}

function implementation(handlers: GrpcHandlers, calls: Metadata[]): UntypedServiceImplementation {
  const noted =
    <Call extends { readonly metadata: Metadata }, Rest extends readonly unknown[]>(
      handler: (call: Call, ...rest: Rest) => void,
    ) =>
    (call: Call, ...rest: Rest): void => {
      calls.push(call.metadata);
      handler(call, ...rest);
    };
  return {
    unary: noted(handlers.unary ?? ((call, answer) => answer(null, call.request))),
    upload: noted(handlers.upload ?? joinUpload),
    download: noted(handlers.download ?? splitDownload),
    chat: noted(handlers.chat ?? echoChat),
  };
}

function joinUpload(call: ServerReadableStream<Bytes, Bytes>, answer: sendUnaryData<Bytes>): void {
  const parts: Bytes[] = [];
  call.on('data', (part: Bytes) => parts.push(part));
  call.on('end', () => answer(null, Buffer.concat(parts)));
}

/** A message for every byte of the request. */
function splitDownload(call: ServerWritableStream<Bytes, Bytes>): void {
  for (const byte of call.request) call.write(Buffer.from([byte]));
  call.end();
}

function echoChat(call: ServerDuplexStream<Bytes, Bytes>): void {
  call.on('data', (message: Bytes) => call.write(message));
  call.on('end', () => call.end());
}
