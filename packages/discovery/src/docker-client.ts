import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { join } from 'node:path';
import Docker from 'dockerode';
import type { EngineEndpoint } from '@dproxy/core';
import { guardCalls, type EngineCall } from './engine-calls.ts';

const MAX_SOCKETS = 16;
const AGENT = { keepAlive: true, maxSockets: MAX_SOCKETS };

export interface DockerClient {
  readonly docker: Docker;
  /** Whoever has the client destroys it. */
  readonly agent: HttpAgent;
}

/**
 * dockerode for one engine, which makes these calls and no others (threats.md row 42).
 * @throws Error when the client certificates cannot be read; nothing is sent yet
 */
export async function openDockerClient(
  endpoint: EngineEndpoint,
  allowed: readonly EngineCall[],
): Promise<DockerClient> {
  const agent = endpoint.tls === null ? new HttpAgent(AGENT) : await tlsAgent(endpoint.tls);
  // All of these are named, because dockerode fills what is not from DOCKER_HOST and its siblings.
  const unset = { ca: undefined, cert: undefined, key: undefined, pathPrefix: '/', timeout: undefined };
  const where =
    endpoint.socketPath === ''
      ? { socketPath: undefined, host: endpoint.host, port: endpoint.port }
      : { socketPath: endpoint.socketPath, host: undefined, port: undefined };
  const options = { ...unset, ...where, agent, protocol: endpoint.tls === null ? 'http' : 'https' };
  const docker = new Docker(options as Docker.DockerOptions);
  guardCalls(docker, allowed);
  return { docker, agent };
}

async function tlsAgent({ certPath, verify }: NonNullable<EngineEndpoint['tls']>): Promise<HttpsAgent> {
  const files = certPath === '' ? [] : ['ca.pem', 'cert.pem', 'key.pem'];
  const [ca, cert, key] = await Promise.all(files.map((name) => readFile(join(certPath, name))));
  const material = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
  return new HttpsAgent({ ...AGENT, ...material, rejectUnauthorized: verify });
}
