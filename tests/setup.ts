// globalSetup of the `whole` project: one real Docker engine for all test files, with the images that they use.
import { existsSync } from 'node:fs';
import type { TestProject } from 'vitest/node';
import { importImages, startEngine } from '@dproxy/testkit/docker';
import { installDebianPackages } from '../scripts/debian-packages.ts';

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const isRequired = process.env['CI'] === 'true';
  installDebianPackages({ isRequired });
  if (process.getuid?.() !== 0 || !existsSync('/usr/sbin/dockerd')) {
    if (isRequired)
      throw new Error('the whole-proxy tests start a Docker engine of their own: run them as root on Linux');
    project.provide('dockerSocket', '');
    return undefined;
  }
  const engine = await startEngine();
  try {
    await importImages(engine);
  } catch (error) {
    await engine.stop();
    throw error;
  }
  project.provide('dockerSocket', engine.socketPath);
  return async () => {
    await engine.stop();
  };
}
