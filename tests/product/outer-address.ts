import type { EngineAccess } from '@dproxy/testkit/docker';

/** The host's address on the engine's bridge: who connects to it is this machine, and not on loopback. */
export async function outerAddress(engine: EngineAccess): Promise<string> {
  return await engine.docker('network', 'inspect', 'bridge', '--format', '{{(index .IPAM.Config 0).Gateway}}');
}
