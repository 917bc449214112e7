import type { Explainer, Explanation, ExplainRequest } from '@dproxy/core';
import type { FastifyInstance } from 'fastify';
import { type Answer, ApiError, succeeded } from '../answers.ts';
import { withoutSecrets } from '../redaction.ts';
import { answerOf, EXPLANATION, refusals } from '../schemas.ts';

const text = { type: 'string' } as const;
const PARAMETERS = {
  url: { ...text, description: 'such as https://app.example.com/path; http unless it says https' },
  method: { ...text, description: 'of the request; default: GET' },
  header: { ...text, description: '"Name: value", as the client sends it; may be given several times' },
  client: { ...text, description: "the client's IP address; default: a program on this machine" },
  clientCertificate: { ...text, description: 'true: the client shows a certificate that the host accepts' },
} as const;

/** `GET /explain?url=U`: every candidate route and why it did or did not match, and what would answer. */
export function explainRoute(app: FastifyInstance, explainer: Explainer): void {
  app.route({
    method: 'GET',
    url: '/explain',
    exposeHeadRoute: true,
    config: { isOpen: true },
    // Read by hand, so that the refusal says what was found: the schema is for the document.
    validatorCompiler: () => () => true,
    schema: {
      summary: 'Why a URL is answered as it is',
      querystring: { type: 'object', properties: PARAMETERS, required: ['url'] },
      response: { 200: answerOf(EXPLANATION, 'What would happen, also where nothing answers.'), ...refusals() },
    },
    handler: (request): Answer => {
      const explanation = explain(explainer, readQuery(request.query as Query));
      return succeeded(explanation.answer.detail, withoutSecrets(explanation));
    },
  });
}

type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

function explain(explainer: Explainer, request: ExplainRequest): Explanation {
  try {
    return explainer.explain(request);
  } catch (error) {
    if (error instanceof RangeError) throw new ApiError(400, error.message, { cause: error });
    throw error;
  }
}

function readQuery(query: Query): ExplainRequest {
  const { header = [] } = query;
  const url = single(query, 'url');
  if (url === '') throw new ApiError(400, 'url is missing; expected ?url=https%3A%2F%2Fapp.example.com%2Fpath');
  const certificate = single(query, 'clientCertificate');
  if (certificate !== '' && certificate !== 'true' && certificate !== 'false') {
    throw new ApiError(400, `clientCertificate is ${shown(certificate)}; expected true or false`);
  }
  const method = single(query, 'method');
  return {
    url,
    ...(method === '' ? {} : { method }),
    headers: (typeof header === 'string' ? [header] : header).map(splitHeader),
    client: single(query, 'client'),
    hasClientCertificate: certificate === 'true',
  };
}

function single(query: Query, key: keyof typeof PARAMETERS): string {
  const value = query[key] ?? '';
  if (typeof value === 'string') return value;
  throw new ApiError(400, `${key} is given ${value.length} times; expected once`);
}

function splitHeader(line: string): [name: string, value: string] {
  const colon = line.indexOf(':');
  if (colon < 1) throw new ApiError(400, `header is ${shown(line)}; expected "Name: value"`);
  // Nothing else is taken off: a name with a space behind it is what is to be explained.
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^[\t ]+/, '')];
}

function shown(value: string): string {
  return JSON.stringify(value.slice(0, 64));
}
