export type { Backend, BackendProtocol, BackendState } from './backend.ts';
export type { EngineEndpoint } from './engine-endpoint.ts';
export { ERRORS, ProxyError, type ErrorCode, type ErrorSource, type Retry } from './errors.ts';
export { DEFAULT_LIMITS, LIMITS, type LimitName, type Limits } from './limits.ts';
export type { ListenAddress, Listener } from './listener.ts';
export { silentLog, type Log } from './log.ts';
export type {
  ApplyReport,
  Balancer,
  BalancerChange,
  BalancerState,
  BalancerStatus,
  ContainerView,
  DataPlane,
  DrainReport,
  Inspector,
  WorkerState,
  WorkerStats,
  WorkerStatus,
} from './ports.ts';
export type { Rejection } from './rejection.ts';
export type {
  BackendRef,
  HeaderRules,
  ListenerIds,
  Origin,
  Route,
  RouteAction,
  RouteAudience,
  RouteDefinition,
  RouteTimeouts,
  ShadowedRoute,
} from './route.ts';
export type { WorkerSettings } from './settings.ts';
export type { CertificateMaterial, CertificateRef, PageOverride, Snapshot, SnapshotTables } from './snapshot.ts';
export type { Source, SourceState } from './source.ts';
