export { canonicalAddress, isIpv4, isLoopbackAddress, parseAddress, type ParsedAddress } from './address.ts';
export { compileAddressPolicy, refusedAddress, type AddressPolicy } from './address-policy.ts';
export { applySleep, comingOf, type Coming, type ComingState } from './apply-sleep.ts';
export { plainText } from './plain-text.ts';
export { joinWakeGroups } from './wake-names.ts';
export { awakeSinceMs, isAwakeTime, isTimeZone, nextAwakeChangeMs } from './awake-time.ts';
export { type Backend, type BackendProtocol, type BackendRef, type BackendState, mayBeConnected } from './backend.ts';
export {
  DEFAULT_BALANCE,
  type BalancePolicy,
  type BalanceStrategy,
  type HashKey,
  type PassiveEjection,
  type StickyCookie,
} from './balance-policy.ts';
export { compileCondition, ConditionError, type ConditionTest } from './compile-condition.ts';
export type { Condition, PathMatch } from './condition.ts';
export {
  MakerError,
  type ContainerEngine,
  type ContainerMaker,
  type ContainerOrder,
  type ContainerPlan,
  type MadeContainer,
  type MadeState,
  type MakerProblem,
  type PullProgress,
} from './container-maker.ts';
export { isImageTag, qualifyImage } from './image-reference.ts';
export {
  APPLICATION_FILTERS,
  type AllowClientsFilter,
  type AllowHostsFilter,
  type BasicAuthFilter,
  type BufferFilter,
  type CircuitBreakerFilter,
  type CompressFilter,
  type CorsFilter,
  type CountedBy,
  type ErrorPagesFilter,
  type Filter,
  type FilterType,
  type ForwardAuthFilter,
  type HeaderChange,
  type HeadersFilter,
  type InFlightFilter,
  type MirrorFilter,
  type RateLimitFilter,
  type RedirectFilter,
  type RetryFilter,
  type RewriteFilter,
} from './filter.ts';
export {
  DEFAULT_HEALTH_CHECK,
  READINESS_CHECK,
  type HealthCheck,
  type HealthRules,
  type Readiness,
} from './health-check.ts';
export { applyHealth, healthTargets, type HealthTarget, type HealthVerdict } from './health-verdicts.ts';
export type {
  AwakeTime,
  GroupActivity,
  WakeDependency,
  WakeGroup,
  WakeMember,
  WakePlan,
  WakeProgress,
  WakeStep,
} from './wake.ts';
export { readPasswordHash, type PasswordHash } from './password-hash.ts';
export type { PortRange } from './port-book.ts';
export type { ShadowedStream, StreamDefinition, StreamRoute } from './stream.ts';
export { StreamTable, type StreamCandidate, type StreamQuestion } from './stream-table.ts';
export { readyShares, RoundRobin, type Share, type WorkerSlot } from './balance.ts';
export type { Balancer as BackendBalancer, Load } from './balance/balancer.ts';
export { createBalancer, type BalancerOptions } from './balance/create-balancer.ts';
export { Ejections } from './balance/ejections.ts';
export { ResponseTime } from './balance/response-time.ts';
export { drawByKey, SlowStart } from './balance/slow-start.ts';
export { CircuitBreaker, type BreakerState } from './circuit-breaker.ts';
export {
  parseBreakerExpression,
  type BreakerExpression,
  type BreakerFacts,
  type BreakerNumber,
} from './circuit-breaker-expression.ts';
export {
  compileCidrs,
  forwardedAddress,
  trustedClient,
  type AddressMatcher,
  type ClientAddress,
} from './client-address.ts';
export { canonicalJson } from './content-hash.ts';
export { compileClientOf, compileCountedBy, type CountedFacts } from './counted-by.ts';
export { didYouMean } from './did-you-mean.ts';
export type { EngineEndpoint } from './engine-endpoint.ts';
export { ERRORS, ProxyError, type ErrorCode, type ErrorSource, type Retry } from './errors.ts';
export type {
  ExplainedAnswer,
  ExplainedAnswerType,
  ExplainedBackend,
  ExplainedCandidate,
  ExplainedFilter,
  ExplainedTls,
  ExplainRequest,
  Explanation,
} from './explain-answer.ts';
export { describeCondition } from './explain-condition.ts';
export { nearestNames } from './explain-names.ts';
export { candidateRoutes, explainRoutes, hostRelation, type ExplainedRoute } from './explain-routes.ts';
export { readExplainedUrl, type ExplainedUrl } from './explain-url.ts';
export {
  debugHeaders,
  ForwardedHeaders,
  type DebugFacts,
  type ForwardedClaimValues,
  type ForwardedPolicy,
} from './forwarded-headers.ts';
export { canonicalFieldName, isFieldValue, isOwnField } from './header-field.ts';
export { hideUserInfo } from './hide-user-info.ts';
export { canonicalHost, isAddressHost, isLocalName } from './host.ts';
export { DEFAULT_HSTS, readHsts } from './hsts.ts';
export { DEFAULT_LIMITS, LIMITS, type LimitName, type Limits } from './limits.ts';
export type { ListenAddress, Listener } from './listener.ts';
export { silentLog, type Log } from './log.ts';
export { buildSnapshot, type SnapshotInput, type SnapshotResult } from './merge.ts';
export { matchHash } from './match-hash.ts';
export { namedMaterial } from './named-material.ts';
export { OWNERSHIP_RELEASE_MS, type Ownership, type OwnershipLedger } from './ownership.ts';
export { canonicalPath, canonicalRoutePath } from './path.ts';
export { compilePattern, PatternError, type Pattern } from './pattern.ts';
export type {
  ApplyReport,
  Balancer,
  BalancerChange,
  BalancerState,
  BalancerStatus,
  CertificateView,
  ContainerView,
  DataPlane,
  DrainReport,
  Explainer,
  IdleStateView,
  Inspector,
  SpentTokens,
  WakeGroupView,
  WorkerState,
  WorkerStats,
  WorkerStatus,
} from './ports.ts';
export type { Json, PluginUse } from './plugin-use.ts';
export type { Rejection } from './rejection.ts';
export { isIdempotent, mayRetry, mayTryCandidates, type Attempt } from './retry-policy.ts';
export {
  DEFAULT_HTTPS,
  ROUTE_DEFAULTS,
  type HeaderRules,
  type ListenerIds,
  type Origin,
  type PublicPort,
  type Route,
  type RouteAction,
  type RouteAudience,
  type RouteDefinition,
  type RouteHttps,
  type RouteTimeouts,
  type ShadowedRoute,
} from './route.ts';
export {
  isSameMatch,
  matchScope,
  type MatchOutcome,
  type MatchScope,
  type RouteMatch,
  type RoutePattern,
} from './route-match.ts';
export { compileRoutes, type RouteTable } from './route-table.ts';
export { readCookies, readQuery, type RequestFacts, type ValuesByName } from './request-facts.ts';
export { rulePriority } from './rule-priority.ts';
export { sameValue } from './same-value.ts';
export type { WorkerSettings } from './settings.ts';
export type {
  CertificateMaterial,
  CertificateRef,
  Challenge,
  PageOverride,
  Snapshot,
  SnapshotTables,
} from './snapshot.ts';
export {
  decodeDelta,
  decodeSnapshot,
  encodeSnapshot,
  SnapshotMalformed,
  type EncodedSnapshot,
} from './snapshot-codec.ts';
export { applyDelta, DeltaMismatch, diffSnapshots, type Delta, type TableDelta } from './snapshot-delta.ts';
export { hashContent, type SnapshotContent } from './snapshot-tables.ts';
export { inRanges, type StatusRange } from './status-ranges.ts';
export type { Source, SourceState } from './source.ts';
export type { TlsPolicy, TlsProfile } from './tls-policy.ts';
export { compileTlsPolicies, isSameTlsPolicy, type TlsPolicyFinder } from './tls-policies.ts';
export { TokenBuckets, type TokenRate } from './token-bucket.ts';
export { sumTraffic, type StatusCounts, type Traffic } from './traffic.ts';
export { answeringBackends, usedBackends } from './used-backends.ts';
export { WildcardMemory, type Remembered } from './wildcard-memory.ts';
export type {
  BackendStatistics,
  RouteStatistics,
  Statistics,
  StatisticsReader,
  WorkerStatistics,
} from './statistics.ts';
