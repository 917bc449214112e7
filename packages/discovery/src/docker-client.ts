import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent, type AgentOptions } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { join } from 'node:path';
import Docker from 'dockerode';
import type { EngineEndpoint } from '@dproxy/core';
import { guardCalls, type EngineCall } from './engine-calls.ts';

const MAX_SOCKETS = 16;

export interface DockerClient {
  readonly docker: Docker;
  /** Whoever has the client destroys it. */
  readonly agent: HttpAgent;
}

/**
 * dockerode for one engine, which makes these calls and no others (threats.md row 42).
 *
 * @param maxSockets calls at the same time; others wait for them
 * @throws Error when the client certificates cannot be read; nothing is sent yet
 */
export async function openDockerClient(
  endpoint: EngineEndpoint,
  allowed: readonly EngineCall[],
  maxSockets = MAX_SOCKETS,
): Promise<DockerClient> {
  const options = { keepAlive: true, maxSockets };
  const agent = endpoint.tls === null ? new HttpAgent(options) : await tlsAgent(endpoint.tls, options);
  // All of these are named, because dockerode fills what is not from DOCKER_HOST and its siblings.
  const unset = { ca: undefined, cert: undefined, key: undefined, pathPrefix: '/', timeout: undefined };
  const where =
    endpoint.socketPath === ''
      ? { socketPath: undefined, host: endpoint.host, port: endpoint.port }
      : { socketPath: endpoint.socketPath, host: undefined, port: undefined };
  const protocol = endpoint.tls === null ? 'http' : 'https';
  const client = { ...unset, ...where, agent, protocol };
  const docker = new Docker(client as Docker.DockerOptions);
  heedSignals(docker.modem as Modem);
  guardCalls(docker, allowed);
  return { docker, agent };
}

/** dockerode forgets the signals of some calls (`GET /networks/<id>`): one that hangs would keep its connection for ever. */
function heedSignals(modem: Modem): void {
  const dial = modem.dial.bind(modem);
  modem.dial = (call, callback) =>
    dial({ ...call, abortSignal: call.abortSignal ?? call.options?.abortSignal }, callback);
}

interface Modem {
  dial(call: DialledCall, callback: (error: Error | null) => void): void;
}

interface DialledCall {
  readonly abortSignal?: AbortSignal | undefined;
  /** What the caller gave. */
  readonly options?: { readonly abortSignal?: AbortSignal };
}

async function tlsAgent(
  { certPath, verify }: NonNullable<EngineEndpoint['tls']>,
  options: AgentOptions,
): Promise<HttpsAgent> {
  const files = certPath === '' ? [] : ['ca.pem', 'cert.pem', 'key.pem'];
  const [ca, cert, key] = await Promise.all(files.map((name) => readFile(join(certPath, name))));
  const material = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
  return new HttpsAgent({ ...options, ...material, rejectUnauthorized: verify });
}
