import { plainText, type WakeProgress, type WakeStep } from '@dproxy/core';

/** What the waiting page shows; also, as JSON, what its script gets. Everything in it is plain text. */
export interface PageState {
  readonly state: WakeProgress['state'];
  readonly heading: string;
  readonly message: string;
  /** Seconds; 0: unknown. */
  readonly retryAfter: number;
  readonly steps: readonly WakeStep[];
  readonly log: readonly string[];
}

const MAX_STEPS = 32;
const MAX_LINES = 20;
const MAX_LINE = 200;
const MAX_NAME = 80;
const MAX_MESSAGE = 300;
const MAX_RETRY_S = 3_600;

const HEADINGS: Readonly<Record<WakeProgress['state'], (name: string) => string>> = {
  waking: (name) => `Starting ${name}`,
  awake: (name) => `Opening ${name}`,
  failed: (name) => `${name} could not be started`,
  refused: (name) => `${name} is not being started`,
};

const MESSAGES: Readonly<Record<WakeProgress['state'], string>> = {
  waking: 'It was asleep and is being started. It opens here as soon as it answers.',
  awake: 'It runs, and opens here as soon as it answers.',
  failed: 'Something in it did not start.',
  refused: 'It is not started at the moment.',
};

/** @param progress undefined: nothing is known yet, somebody has just asked */
export function pageState(groupName: string, progress: WakeProgress | undefined): PageState {
  const name = plainName(groupName);
  const state = progress?.state ?? 'waking';
  const steps = progress?.steps.slice(0, MAX_STEPS) ?? [];
  return {
    state,
    heading: HEADINGS[state](name),
    message: plainSentence(progress?.message ?? '') || MESSAGES[state],
    retryAfter: Math.min(Math.max(0, Math.ceil(progress?.retryAfterS || 0)), MAX_RETRY_S),
    steps: steps.map((step) => ({ name: plainName(step.name), state: step.state })),
    log: (progress?.log ?? []).slice(-MAX_LINES).map((line) => plainText(line, MAX_LINE)),
  };
}

/** Any other first word may be the name of a service, which is written as it is. */
const BEGINS_SENTENCE = /^(?:an?|another|it|its|nobody|nothing|somebody|something|the|too|waiting)\b/;

/** What the primary says, for people. */
export function plainSentence(message: string): string {
  const text = plainText(message, MAX_MESSAGE).trim();
  const begun = BEGINS_SENTENCE.test(text) ? text.slice(0, 1).toUpperCase() + text.slice(1) : text;
  return /[\p{L}\p{N})]$/u.test(begun) ? `${begun}.` : begun;
}

/** Of a group or a step. */
export function plainName(name: string): string {
  return plainText(name, MAX_NAME);
}

/** It will not open by itself. */
export function isOver({ state }: Pick<PageState, 'state'>): boolean {
  return state === 'failed' || state === 'refused';
}

/** What is known when a start is asked for: how one before it has ended says nothing of it. */
export function ofThisStart(progress: WakeProgress | undefined): WakeProgress | undefined {
  return progress?.state === 'waking' ? progress : undefined;
}
