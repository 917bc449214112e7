import type { LabelSections, LabelWord } from '@dproxy/config';
import type { Backend, PublicPort, RouteHttps } from '@dproxy/core';
import type { ServiceProtocol } from './dialect.ts';

export type RedirectStatus = 301 | 302 | 303 | 307 | 308;

/** Keys whose labels are read by the schema of dproxy.yml. */
export type SectionName = keyof LabelSections | 'filters';

/** What the labels of one service add up to, label by label. */
export class ServiceDraft {
  /** Something was said that only a service has. */
  isService = false;
  /** Something was said that means nothing for raw TCP and UDP. */
  isHttp = false;
  enable: boolean | undefined;
  hosts: readonly string[] = [];
  port: number | undefined;
  network: string | undefined;
  path = '/';
  protocol: ServiceProtocol = 'http';
  proxyProtocol: Backend['proxyProtocol'] = '';
  weight = 1;
  tlsVerify = true;
  connectMs = 0;
  responseMs = 0;
  idleMs = 0;
  location: string | undefined;
  redirectStatus: RedirectStatus = 302;
  plugins: readonly string[] = [];
  listeners: readonly string[] = [];
  priority = 0;
  publicPorts: readonly PublicPort[] = [];
  fallThrough: boolean | undefined;
  /** Labels that dproxy.yml's schema reads, by section. */
  readonly words = new Map<SectionName, LabelWord[]>();
  https: Partial<RouteHttps> = {};
  readonly requestSet: (readonly [string, string])[] = [];
  readonly responseSet: (readonly [string, string])[] = [];
  requestRemove: readonly string[] = [];
  responseRemove: readonly string[] = [];
}
