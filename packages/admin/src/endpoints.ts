interface Operation {
  readonly summary?: string;
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly responses?: Readonly<Record<string, unknown>>;
}

/** The part of an OpenAPI document that the index and the page show. */
export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

export interface Endpoint {
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  /** `size=`, or empty. */
  readonly query: string;
  readonly statuses: readonly string[];
}

export function endpointsOf(document: OpenApiDocument): readonly Endpoint[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { summary = '', parameters = [], responses = {} }]) => ({
      method: method.toUpperCase(),
      path,
      summary,
      query: parameters
        .filter((parameter) => parameter.in === 'query')
        .map((parameter) => `${parameter.name}=`)
        .join('&'),
      statuses: Object.keys(responses),
    })),
  );
}
