import { join, resolve } from 'node:path';
import type { EngineEndpoint } from '@dproxy/core';
import { readEngineUrl, readSocket, type EngineUrl } from '../schema/engine-url.ts';
import type { Facts } from './facts.ts';
import type { Environment, Inputs } from './inputs.ts';

const DEFAULT_SOCKET = '/var/run/docker.sock';

/**
 * The engine that the variables of the docker client name; undefined when they name none.
 *
 * One difference to that client: a folder of certificates without DOCKER_TLS_VERIFY does not turn verifying off. Whoever
 * answers as the engine decides where requests go; only DOCKER_TLS_VERIFY set to nothing accepts anybody.
 */
export function readEngine(inputs: Inputs, facts: Facts): readonly EngineEndpoint[] | undefined {
  const socket = inputs.read('dockerSocket', 'the absolute path of a socket', readSocket);
  const url = inputs.read('docker', 'unix:///path, tcp://host:port, https://host:port or host:port', readEngineUrl);
  if (url !== undefined && socket !== undefined && url.socketPath !== socket.socketPath) {
    inputs.warnings.push('DOCKER_SOCK_PATH is ignored, because DOCKER_HOST is set');
  }
  const chosen = url ?? socket;
  if (chosen === undefined) return undefined;
  const certPath = inputs.said('dockerCertPath')?.value;
  const isVerifyAsked = inputs.said('dockerTlsVerify') !== undefined;
  const isTls = chosen.isHttps || certPath !== undefined || isVerifyAsked;
  const folder = certPath ?? (isVerifyAsked ? join(facts.homedir, '.docker') : '');
  return [
    toEndpoint(chosen, {
      isTls,
      certPath: folder === '' ? '' : resolve(facts.cwd, folder),
      verify: !inputs.isSetEmpty('dockerTlsVerify') || isVerifyAsked,
    }),
  ];
}

interface EngineTls {
  readonly isTls: boolean;
  /** Absolute, or empty. */
  readonly certPath: string;
  readonly verify: boolean;
}

/** A unix socket never speaks TLS. */
export function toEndpoint({ name, socketPath, host, port }: EngineUrl, tls: EngineTls): EngineEndpoint {
  const isPlain = socketPath !== '' || !tls.isTls;
  return { name, socketPath, host, port, tls: isPlain ? null : { certPath: tls.certPath, verify: tls.verify } };
}

/** Where nobody names an engine: the first socket that is there, else the usual one, which may come later. */
export function defaultEngine(env: Environment, facts: Facts): EngineEndpoint {
  const candidates = [
    DEFAULT_SOCKET,
    ...(env['XDG_RUNTIME_DIR']?.startsWith('/') === true ? [join(env['XDG_RUNTIME_DIR'], 'docker.sock')] : []),
    join(facts.homedir, '.docker/run/docker.sock'),
    join(facts.homedir, '.docker/desktop/docker.sock'),
    join(facts.homedir, '.colima/default/docker.sock'),
  ];
  const socketPath = candidates.find((path) => facts.fileExists(path)) ?? DEFAULT_SOCKET;
  return { name: `unix://${socketPath}`, socketPath, host: '', port: 0, tls: null };
}
