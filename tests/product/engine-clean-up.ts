import type { EngineAccess } from '@dproxy/testkit/docker';

/** All files share one engine, one after another: each leaves it empty. */
export async function removeContainers(engine: EngineAccess): Promise<void> {
  const left = await engine.docker('ps', '-aq');
  if (left !== '') await engine.docker('rm', '-f', ...left.split('\n'));
}
