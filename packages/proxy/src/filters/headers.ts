import type { HeaderChange, HeadersFilter } from '@dproxy/core';
import type { CompiledFilter } from './compiled-filter.ts';
import { type FieldChange, fieldChange } from './field-changes.ts';

/** Changes of header fields that are the same for every request. */
export function compileHeaders({ type, request, response }: HeadersFilter): CompiledFilter {
  const toBackend = compileChanges(request);
  const toClient = compileChanges(response);
  return {
    type,
    onRequest: ({ requestFields }) => {
      for (const change of toBackend) requestFields.apply(change);
      return undefined;
    },
    onResponse: ({ responseFields }) => {
      for (const change of toClient) responseFields.apply(change);
    },
  };
}

function compileChanges(changes: readonly HeaderChange[]): readonly FieldChange[] {
  return changes.flatMap(({ operation, name, value }) => fieldChange(operation, name, value) ?? []);
}
