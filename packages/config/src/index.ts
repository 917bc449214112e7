export { demoDefinitions } from './demo.ts';
export { parseFile, type FileText } from './file/parse-file.ts';
export { readBalance } from './file/read-balance.ts';
export { readFilters, type FilterProblem } from './file/read-filters.ts';
export type { FileSettings, ParsedFile, StreamEntry } from './file/parsed-file.ts';
export { loadSettings, type LoadedSettings, type LoadOptions } from './load-settings.ts';
export { configurationReference, errorsReference, fileJsonSchema, limitsReference } from './reference/index.ts';
export {
  DNS_PROVIDERS,
  isDnsProviderName,
  type DnsOption,
  type DnsProviderName,
  type DnsProviderRow,
} from './settings/dns-providers.ts';
export { gatherFacts, type Facts } from './settings/facts.ts';
export { readAwakeTimes, type WeeklyTime } from './schema/awake-times.ts';
export type { SaidWakeOptions, WakeBudget, WakeLabels, WakeOptions } from './schema/wake.ts';
export { DEFAULT_WAKE } from './settings/resolve-wake.ts';
export type { DialectSettings } from './schema/dialects/dialects.ts';
export type { Environment } from './settings/inputs.ts';
export type { Resolved } from './settings/resolve-settings.ts';
export {
  formatProblem,
  type AcmeAuthority,
  type AcmeChallengeType,
  type AcmeKeyType,
  type AcmeSettings,
  type ApiSettings,
  type DnsSettings,
  type DockerSettings,
  type ListenPlan,
  type LogLevel,
  type OnDemandSettings,
  type Paths,
  type Problem,
  type Settings,
  type TlsHostSettings,
  type WakeSettings,
} from './settings/settings.ts';
export { VARIABLES, type Flags, type VariableName } from './settings/variables.ts';
export { FileSource, type FileSourceOptions } from './watch/file-source.ts';
export { LastGoodFile } from './watch/last-good-file.ts';
export { validateFile } from './watch/load-file.ts';
export { FileWatch } from './watch/file-watch.ts';
export { systemScheduler, type Scheduler } from './watch/scheduler.ts';
export { readDocument, type ReadableDocument, type UnreadableDocument } from './yaml/read-document.ts';
export { readLabelFilters } from './labels/read-label-filters.ts';
export {
  readLabelSection,
  type LabelRead,
  type LabelSectionName,
  type LabelSections,
} from './labels/read-label-section.ts';
export type { StreamLabels } from './labels/stream-labels.ts';
export type { LabelFinding, LabelWord } from './labels/value-of-words.ts';
