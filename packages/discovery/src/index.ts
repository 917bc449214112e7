export {
  DockerDiscovery,
  type DiscoveryTiming,
  type DockerDiscoveryOptions,
  type EngineStatus,
} from './docker-discovery.ts';
export { describeContainer, type ContainerDescription, type DescribeFacts } from './describe-container.ts';
export { readContainer, type Attachment, type Container, type PortBinding } from './container.ts';
export { describeTogether, type DescribedTogether } from './describe-together.ts';
export { findOwnContainer } from './own-container.ts';
export type { DiscoverySettings } from './settings.ts';
export { HealthMonitor, type HealthMonitorOptions } from './health/health-monitor.ts';
export type { HtpasswdFiles, NginxProxyOptions } from './dialects/nginx-proxy/index.ts';
export { dialectsOf } from './dialects/all-dialects.ts';
export { NO_WORDS, type ImageWords, type Words } from './image-words.ts';
export { MAKE_CALLS, READ_CALLS, WAKE_CALLS, compileCalls, type EngineCall } from './engine-calls.ts';
export { DockerContainerEngine, type MakingTiming } from './making/docker-container-engine.ts';
export { DockerWakeEngine, type WakeEngineTiming } from './wake/docker-wake-engine.ts';
export type { WakeEngine } from './wake/wake-engine.ts';
export { WakeTrouble, type WakeTroubleKind } from './wake/wake-trouble.ts';
export { Waker, type WakerOptions } from './wake/waker.ts';
export type { WakeBudgetSettings } from './wake/wake-budget.ts';
export { IdleStop } from './sleep/idle-stop.ts';
export type { IdleStopOptions, IdleView, IdleWorkers } from './sleep/idle-stop-options.ts';
export type { SleepTable } from './sleep/sleep-marks.ts';
export type { SleepingContainer, SleepRecord, SleepRecords } from './sleep/sleep-records.ts';
export type { SleepEngine } from './sleep/sleep-run.ts';
