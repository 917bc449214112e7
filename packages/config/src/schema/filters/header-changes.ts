import type { HeaderChange } from '@dproxy/core';
import { field, oneOrMore, section, words } from '../field.ts';
import { headerMap, headerName, HEADER_NAME } from '../header-rules.ts';
import { draftOf, type FilterDraft } from './filter-draft.ts';
import { SECURITY_PRESET } from './security-preset.ts';

const changes = (side: string) =>
  section({
    remove: field(oneOrMore(headerName(), HEADER_NAME), {
      meaning: `Headers of the ${side} to remove`,
      default: 'none',
    }),
    set: field(headerMap(), {
      meaning: `Headers of the ${side} to set; a header that was there is replaced`,
      default: 'none',
    }),
    add: field(headerMap(), {
      meaning: `Headers of the ${side} to add, beside those of the same name`,
      default: 'none',
    }),
  }).transform(({ remove, set, add }): readonly HeaderChange[] => [
    ...(remove ?? []).map((name): HeaderChange => ({ operation: 'remove', name, value: '' })),
    ...changesOf('set', set),
    ...changesOf('add', add),
  ]);

/** `headers` */
export function headers() {
  return section({
    request: field(changes('request'), {
      meaning: 'Changes to what goes to the backend: {remove, set, add}, in this order',
      default: 'none',
      danger: 'a backend that trusts x-real-ip or x-forwarded-for believes what is set here',
    }),
    response: field(changes('response'), {
      meaning: 'Changes to what goes to the client, likewise, after those of the preset',
      default: 'none',
    }),
    preset: field(words(['security']), {
      meaning: `A ready set of changes to the response. security: ${PRESET_TEXT}`,
      default: 'none',
    }),
  }).transform(({ request, response, preset }): FilterDraft => {
    const ready = preset === undefined ? [] : SECURITY_PRESET;
    return draftOf({ type: 'headers', request: request ?? [], response: [...ready, ...(response ?? [])] });
  });
}

const PRESET_TEXT = SECURITY_PRESET.map(({ operation, name, value }) =>
  operation === 'remove' ? `no ${name}` : `${name}: ${value}`,
).join('; ');

function changesOf(operation: 'set' | 'add', pairs: readonly (readonly [string, string])[] = []): HeaderChange[] {
  return pairs.map(([name, value]) => ({ operation, name, value }));
}
