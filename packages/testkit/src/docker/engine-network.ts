import { randomBytes } from 'node:crypto';
import { runCommand } from '../run-command.ts';

/** The default bridge of one engine, and the range that it gives to networks made later. */
export interface EngineNetwork {
  readonly bridge: string;
  readonly gateway: string;
  readonly poolCidr: string;
}

/** Makes a bridge that no other engine of this network namespace uses: `docker0` belongs to the machine's own one. */
export async function makeEngineNetwork(): Promise<EngineNetwork> {
  // Not os.networkInterfaces(): it leaves out bridges to which nothing is connected yet.
  const addresses = await runCommand('ip', ['-o', '-4', 'addr', 'show']);
  const taken = new Set([...addresses.matchAll(/ inet (\d+\.\d+)\./g)].map(([, start]) => start));
  const second = Array.from({ length: 50 }, (_, index) => 200 + index).find((byte) => !taken.has(`10.${byte}`));
  if (second === undefined)
    throw new Error('no free network between 10.200.0.0/16 and 10.249.0.0/16 for a test engine');
  const network = {
    bridge: `dpt${randomBytes(4).toString('hex')}`,
    gateway: `10.${second}.0.1`,
    poolCidr: `10.${second}.128.0/17`,
  };
  await runCommand('ip', ['link', 'add', network.bridge, 'type', 'bridge']);
  await runCommand('ip', ['addr', 'add', `${network.gateway}/24`, 'dev', network.bridge]);
  await runCommand('ip', ['link', 'set', network.bridge, 'up']);
  return network;
}

export async function removeEngineNetwork(network: EngineNetwork): Promise<void> {
  await runCommand('ip', ['link', 'delete', network.bridge]);
}
