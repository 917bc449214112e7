import { adminClient, type Context } from './context.ts';
import { failure } from './failure.ts';

/** Balancer, workers and warnings; a failure when no worker serves. */
export async function status(context: Context, { isQuiet }: { isQuiet: boolean }): Promise<void> {
  const { isHealthy, message, health } = await (await adminClient(context)).health();
  if (!isQuiet || context.isJson) {
    const workers = health.workers.map(
      ({ id, pid, state, snapshot }) => `  worker ${id}  pid ${pid}  ${state}  table ${snapshot}`,
    );
    const warnings = health.warnings.map((warning) => `  warning: ${warning}`);
    context.answer([message, ...workers, ...warnings].join('\n'), health);
  }
  if (!isHealthy) throw failure(message);
}
