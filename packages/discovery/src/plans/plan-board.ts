import { sameValue } from '@dproxy/core';
import type { Container } from '../container.ts';
import type { ContainerDescription } from '../describe-container.ts';
import type { WakeClaims } from '../dialects/dialect.ts';
import { composeLabels } from './compose-labels.ts';
import type { Sleeper } from './plan-groups.ts';
import { NO_PLANS, wakePlans, type WakeFacts, type WakePlanning } from './plans.ts';

/**
 * The containers of one engine, as far as they may sleep. Nothing is planned again unless somebody changed who has to do with it:
 * 100,000 containers without such labels cost nothing.
 */
export class PlanBoard {
  readonly #facts: WakeFacts;
  readonly #claiming = new Map<string, Sleeper>();
  readonly #byProject = new Map<string, Map<string, Sleeper>>();
  /** How many containers put their whole project to sleep, by project. */
  readonly #optedIn = new Map<string, number>();
  #planning = NO_PLANS;
  /** The last one, also when nothing in it was new. */
  #made = NO_PLANS;
  #isStale = false;

  constructor(facts: WakeFacts) {
    this.#facts = facts;
  }

  /** The same object as long as nothing in it changed. */
  get planning(): WakePlanning {
    if (!this.#isStale) return this.#planning;
    this.#isStale = false;
    const next = wakePlans([...this.#sleepers()], this.#facts, this.#made);
    const { plans, rejected } = this.#planning;
    const isSame = sameValue(plans, next.plans) && sameValue(rejected, next.rejected);
    if (!isSame) this.#planning = next;
    this.#made = next;
    return this.#planning;
  }

  put(container: Container, { wake: claims, definitions, streams }: ContainerDescription): void {
    this.remove(container.id, container.labels);
    const compose = composeLabels(container.labels);
    const sleeper = { container, compose, claims, definitions, streams };
    const { project } = compose;
    if (claims !== undefined) this.#claiming.set(container.id, sleeper);
    if (project !== '') this.#memberships(project).set(container.id, sleeper);
    this.#count(project, claims, 1);
    this.#note(project, claims);
  }

  /** @param labels of the container, which never change */
  remove(id: string, labels: Container['labels']): void {
    const claims = this.#claiming.get(id)?.claims;
    const { project } = composeLabels(labels);
    this.#note(project, claims);
    this.#count(project, claims, -1);
    this.#claiming.delete(id);
    const members = this.#byProject.get(project);
    if (members?.delete(id) === true && members.size === 0) this.#byProject.delete(project);
  }

  #memberships(project: string): Map<string, Sleeper> {
    const members = this.#byProject.get(project) ?? new Map<string, Sleeper>();
    this.#byProject.set(project, members);
    return members;
  }

  #count(project: string, claims: WakeClaims | undefined, step: 1 | -1): void {
    if (project === '' || claims?.scope !== 'project') return;
    const count = (this.#optedIn.get(project) ?? 0) + step;
    if (count > 0) this.#optedIn.set(project, count);
    else this.#optedIn.delete(project);
  }

  #note(project: string, claims: WakeClaims | undefined): void {
    if (claims !== undefined || this.#optedIn.has(project)) this.#isStale = true;
  }

  *#sleepers(): Generator<Sleeper> {
    yield* this.#claiming.values();
    for (const project of this.#optedIn.keys()) {
      for (const [id, sleeper] of this.#byProject.get(project) ?? []) if (!this.#claiming.has(id)) yield sleeper;
    }
  }
}
