/** JSON schemas of the container API, for the OpenAPI document. */
type Schema = Readonly<Record<string, unknown>>;

const text = { type: 'string' } as const;
const integer = { type: 'integer' } as const;

export const IMAGE_BODY: Schema = {
  type: 'object',
  properties: {
    image: { type: 'string', description: 'fully qualified, as in api.containers; `nginx` is docker.io/library/nginx' },
    tag: { type: 'string', default: 'latest' },
    name: { type: 'string', description: 'lower-case letters, digits and -; it answers as <name>.localhost' },
    engine: { type: 'string', description: 'one of the engines of dproxy.yml; default: the first' },
  },
  required: ['image'],
  additionalProperties: false,
};

const MADE: Schema = {
  type: 'object',
  properties: {
    name: text,
    id: { type: 'string', description: 'empty before it is created' },
    image: text,
    tag: text,
    engine: text,
    state: {
      type: 'string',
      enum: ['pulling', 'creating', 'starting', 'created', 'running', 'paused', 'stopped', 'failed', 'unknown'],
    },
    pull: {
      type: ['object', 'null'],
      description: 'null: the image was there, or nothing was pulled yet',
      properties: { layers: integer, finishedLayers: integer, bytes: integer, totalBytes: integer },
      required: ['layers', 'finishedLayers', 'bytes', 'totalBytes'],
    },
    problem: { type: 'string', description: 'why it failed; else empty' },
  },
  required: ['name', 'id', 'image', 'tag', 'engine', 'state', 'pull', 'problem'],
};

export const MADE_LIST: Schema = { type: 'array', items: MADE };

/** The usual answer, and two fields that older programs of this kind answer with. */
export function madeAnswer(description: string): Schema {
  return {
    description,
    type: 'object',
    properties: {
      ok: { type: 'boolean' },
      message: text,
      data: MADE,
      status: { type: 'string', enum: ['success', 'pending'] },
      container: { type: 'string', description: 'the host that it answers at' },
    },
    required: ['ok', 'message', 'data', 'status', 'container'],
  };
}
