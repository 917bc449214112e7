import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { tmpdir, arch } from 'node:os';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { EngineAccess } from './engine.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

interface Blob {
  readonly mediaType: string;
  readonly digest: string;
  readonly bytes: Buffer;
}

/**
 * A registry with one image of one layer, tag `1.0`: as much of it as an engine asks for in a pull (OCI Distribution
 * Specification 1.1, section "Pulling"). On 127.0.0.1, from where engines pull without TLS.
 */
export class ImageRegistry implements AsyncDisposable {
  /** Without a tag. */
  readonly image: string;
  readonly #server: Server;
  readonly #released = Promise.withResolvers<void>();

  private constructor(server: Server, image: string) {
    this.#server = server;
    this.image = image;
  }

  /** @param like an image of this engine, which gives the files; @param command what a container of the new one runs */
  static async start(engine: EngineAccess, like: string, command: readonly string[]): Promise<ImageRegistry> {
    const layer = blobOf('application/vnd.oci.image.layer.v1.tar', await filesOf(engine, like));
    const config = blobOf('application/vnd.oci.image.config.v1+json', {
      architecture: ARCHITECTURES[arch()] ?? arch(),
      os: 'linux',
      config: { Cmd: command, ExposedPorts: { '80/tcp': {} } },
      rootfs: { type: 'layers', diff_ids: [layer.digest] },
    });
    const manifest = blobOf(MANIFEST, {
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: descriptorOf(config),
      layers: [descriptorOf(layer)],
    });
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const name = 'dproxy-test/pulled';
    const { port } = server.address() as AddressInfo;
    const registry = new ImageRegistry(server, `127.0.0.1:${port}/${name}`);
    const blobs = new Map([
      ['/v2/', { mediaType: 'application/json', digest: '', bytes: Buffer.from('{}') }],
      [`/v2/${name}/manifests/1.0`, manifest],
      ...[config, layer].map((blob): [string, Blob] => [`/v2/${name}/blobs/${blob.digest}`, blob]),
      [`/v2/${name}/manifests/${manifest.digest}`, manifest],
    ]);
    server.on('request', ({ method, url = '' }, response) => {
      const blob = blobs.get(url);
      if (blob === undefined) refuse(response);
      else void registry.#give(response, blob, { isHead: method === 'HEAD', isHeld: blob === layer });
    });
    return registry;
  }

  /** The layer comes whole; until then half of it, so that a pull can be seen under way. */
  release(): void {
    this.#released.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #give(
    response: ServerResponse,
    { mediaType, digest, bytes }: Blob,
    { isHead, isHeld }: { isHead: boolean; isHeld: boolean },
  ): Promise<void> {
    response.writeHead(200, {
      'content-type': mediaType,
      'content-length': bytes.length,
      ...(digest === '' ? {} : { 'docker-content-digest': digest }),
    });
    if (isHead) {
      response.end();
      return;
    }
    const half = isHeld ? bytes.length >> 1 : 0;
    response.write(bytes.subarray(0, half));
    if (isHeld) await this.#released.promise;
    response.end(bytes.subarray(half));
  }
}

function blobOf(mediaType: string, content: Buffer | object): Blob {
  const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
  return { mediaType, digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, bytes };
}

function descriptorOf({ mediaType, digest, bytes }: Blob): object {
  return { mediaType, digest, size: bytes.length };
}

function refuse(response: ServerResponse): void {
  response.writeHead(404, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }] }));
}

/** All files of an image, as a tar. */
async function filesOf(engine: EngineAccess, image: string): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'dproxy-layer-'));
  const container = await engine.docker('create', image);
  try {
    const file = join(folder, 'layer.tar');
    await engine.docker('export', '--output', file, container);
    return await readFile(file);
  } finally {
    await engine.docker('rm', container);
    await rm(folder, { recursive: true, force: true });
  }
}
