export { configurationReference } from './configuration-reference.ts';
export { errorsReference } from './errors-reference.ts';
export { fileJsonSchema } from './json-schema.ts';
export { limitsReference } from './limits-reference.ts';
