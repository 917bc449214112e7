export { configurationReference } from './configuration-reference.ts';
export { fileJsonSchema } from './json-schema.ts';
