import { z } from 'zod';
import { fileSchema } from '../schema/file-schema.ts';

/** The JSON schema of dproxy.yml, for the completion of editors. What only code can check is not in it. */
export function fileJsonSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(fileSchema, { io: 'input', unrepresentable: 'any' });
  return { ...schema, title: 'dproxy.yml' };
}
