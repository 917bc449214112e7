// Reads what an API sent, which may be anything.

/** Undefined for what is no JSON: an error page of a proxy on the way. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function fieldAt(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

/** Empty for what is neither text nor number. */
export function textAt(value: unknown, name: string): string {
  const field = fieldAt(value, name);
  return typeof field === 'string' || typeof field === 'number' ? String(field) : '';
}

export function listAt(value: unknown, name: string): readonly unknown[] {
  const field = fieldAt(value, name);
  return Array.isArray(field) ? field : [];
}
