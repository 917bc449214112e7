import type { HeaderChange, HeadersFilter } from '@dproxy/core';
import type { CompiledFilter } from './compiled-filter.ts';
import { type FieldChange, fieldChange } from './field-changes.ts';

/** Changes of header fields that are the same for every request. */
export function compileHeaders({ type, request, response }: HeadersFilter): CompiledFilter {
  const toBackend = compileChanges(request);
  const toClient = compileChanges(response);
  const detail = describe(request, response);
  return {
    type,
    rehearse: ({ requestFields }) => {
      for (const change of toBackend) requestFields.apply(change);
      return {
        detail,
        values: [...request, ...response]
          .filter(({ operation }) => operation !== 'remove')
          .map(({ name, value }) => [name, value] as const),
      };
    },
    onRequest: ({ requestFields }) => {
      for (const change of toBackend) requestFields.apply(change);
      return undefined;
    },
    onResponse: ({ responseFields }) => {
      for (const change of toClient) responseFields.apply(change);
    },
  };
}

/** Without values, which may be secrets. */
function describe(request: readonly HeaderChange[], response: readonly HeaderChange[]): string {
  const words = (changes: readonly HeaderChange[]): string =>
    changes.map(({ operation, name }) => `${operation} ${name}`).join(', ');
  const parts = [
    ...(request.length === 0 ? [] : [`for the backend: ${words(request)}`]),
    ...(response.length === 0 ? [] : [`for the client: ${words(response)}`]),
  ];
  return parts.join('; ') || 'changes nothing';
}

function compileChanges(changes: readonly HeaderChange[]): readonly FieldChange[] {
  return changes.flatMap(({ operation, name, value }) => fieldChange(operation, name, value) ?? []);
}
