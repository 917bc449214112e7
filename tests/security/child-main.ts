// The other process of child-edge.ts: one data plane, made as packages/dproxy/src/worker.ts makes it.
import { once } from 'node:events';
import { ApplicationPath, createDataPlane, PluginLoader } from '@dproxy/proxy';
import { snapshotOf, type SnapshotSpec } from '@dproxy/testkit';
import { createLog } from '../../packages/dproxy/src/log.ts';
import type { ChildReport } from './child-edge.ts';

const unhandled: string[] = [];
process.on('uncaughtException', (error) => unhandled.push(`exception: ${error.stack}`));
process.on('unhandledRejection', (error) => unhandled.push(`rejection: ${String(error)}`));

const log = createLog('worker 0', 'debug');
const loader = new PluginLoader({ baseFolder: '/', builtIn: new Map([['nothing', async () => {}]]) });
const plane = createDataPlane({
  log,
  reusePort: false,
  onAccessLog: (entry) => log.info(entry, 'request'),
  applicationPath: new ApplicationPath({ loader, log }),
});
const [spec] = (await once(process, 'message')) as [SnapshotSpec];
await plane.apply(snapshotOf(spec), new Map());
process.on('message', () => process.send?.(report()));
process.on('disconnect', () => process.exit(0));
process.send?.({ port: plane.addresses().get('http')?.[0]?.port });

function report(): ChildReport {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return {
    stats: plane.stats(),
    rss,
    heapAndBuffers: heapUsed + external,
    cpu: user + system,
    handles: process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')),
    unhandled,
  };
}
