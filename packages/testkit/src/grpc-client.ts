import {
  type CallOptions,
  type ChannelCredentials,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  credentials,
  type GrpcObject,
  makeGenericClientConstructor,
  Metadata,
  type ServiceError,
  type ServiceClientConstructor,
} from '@grpc/grpc-js';
import { GRPC_SERVICE } from './grpc-service.ts';

export interface GrpcClientOptions {
  readonly port: number;
  /** Default `a.test`: the `:authority`, and the name that the certificate must have. */
  readonly authority?: string;
  /** PEM of the authority of the server's certificate; without it in clear. */
  readonly caPem?: string;
}

export interface GrpcCallOptions {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly deadlineMs?: number;
}

/** All that a unary call has given. */
export interface GrpcAnswer {
  readonly message: Buffer;
  /** The initial metadata: headers. */
  readonly metadata: Metadata;
  /** The trailing metadata. */
  readonly trailers: Metadata;
}

const CLIENT: ServiceClientConstructor = makeGenericClientConstructor(GRPC_SERVICE, 'Echo');

/** A real gRPC client of `GRPC_SERVICE`. */
export class GrpcClient implements Disposable {
  readonly #client: InstanceType<ServiceClientConstructor> & GrpcObject;

  constructor({ port, authority = 'a.test', caPem }: GrpcClientOptions) {
    this.#client = new CLIENT(`127.0.0.1:${port}`, credentialsOf(caPem), {
      'grpc.default_authority': authority,
      'grpc.ssl_target_name_override': authority.replace(/:\d+$/, ''),
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      // A failure is to be seen, not waited for.
      'grpc.enable_retries': 0,
    }) as InstanceType<ServiceClientConstructor> & GrpcObject;
  }

  /** @throws ServiceError */
  unary(message: Buffer | string, options: GrpcCallOptions = {}): Promise<GrpcAnswer> {
    return this.#answerOf((done) => {
      const call: ClientUnaryCall = this.#call('unary')(Buffer.from(message), ...argumentsOf(options), done);
      return call;
    });
  }

  /** @throws ServiceError */
  upload(messages: readonly (Buffer | string)[], options: GrpcCallOptions = {}): Promise<GrpcAnswer> {
    return this.#answerOf((done) => {
      const call: ClientWritableStream<Buffer> = this.#call('upload')(...argumentsOf(options), done);
      for (const message of messages) call.write(Buffer.from(message));
      call.end();
      return call;
    });
  }

  download(message: Buffer | string, options: GrpcCallOptions = {}): ClientReadableStream<Buffer> {
    return this.#call('download')(Buffer.from(message), ...argumentsOf(options));
  }

  chat(options: GrpcCallOptions = {}): ClientDuplexStream<Buffer, Buffer> {
    return this.#call('chat')(...argumentsOf(options));
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- a client that is made at run time has no types
  #call(name: keyof typeof GRPC_SERVICE): (...args: any[]) => any {
    const call = this.#client[name] as unknown as (...args: unknown[]) => unknown;
    return call.bind(this.#client);
  }

  #answerOf(
    begin: (done: (error: ServiceError | null, message?: Buffer) => void) => ClientUnaryCall,
  ): Promise<GrpcAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<GrpcAnswer>();
    let metadata = new Metadata();
    let message: Buffer = Buffer.alloc(0);
    const call = begin((error, answer) => {
      if (error === null) message = answer ?? message;
      else reject(error);
    });
    call.on('metadata', (headers: Metadata) => {
      metadata = headers;
    });
    call.on('status', ({ metadata: trailers }) => resolve({ message, metadata, trailers }));
    return promise;
  }
}

function credentialsOf(caPem: string | undefined): ChannelCredentials {
  return caPem === undefined ? credentials.createInsecure() : credentials.createSsl(Buffer.from(caPem));
}

function argumentsOf({ metadata = {}, deadlineMs }: GrpcCallOptions): [Metadata, CallOptions] {
  const sent = new Metadata();
  for (const [name, value] of Object.entries(metadata)) sent.add(name, value);
  return [sent, deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs }];
}
