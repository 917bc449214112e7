export { compileFilters } from './compile-filters.ts';
export type { Verdict } from './compiled-filter.ts';
export { RateLimit } from './rate-limit.ts';
export { SpentLimits } from './spent-limits.ts';
export type { CompiledFilters } from './compiled-filters.ts';
export { type FilterNote, rehearseFilters } from './rehearse-filters.ts';
export { FilteredRequest } from './filtered-request.ts';
