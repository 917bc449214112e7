import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, within } from '@dproxy/testkit';

interface Target {
  readonly type: string;
  readonly webSocketDebuggerUrl: string;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

interface Evaluated {
  readonly result: { readonly value?: unknown };
  readonly exceptionDetails?: { readonly text: string; readonly exception?: { readonly description?: string } };
}

/** One tab of a Chromium, over the Chrome DevTools protocol. */
export class DevTools {
  readonly #socket: WebSocket;
  readonly #calls = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #listeners: { readonly method: string; readonly listener: (params: unknown) => void }[] = [];
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#onMessage(JSON.parse(String(data)) as Message));
    socket.addEventListener('close', () => {
      for (const call of this.#calls.values()) call.reject(new Error('the browser is gone'));
    });
  }

  /** @param profile folder in which a Chromium that was just started says where it listens */
  static async connect(profile: string): Promise<DevTools> {
    const said = await eventually(() => readFile(join(profile, 'DevToolsActivePort'), 'utf8'), { what: 'Chromium' });
    const port = said.split('\n')[0] ?? '';
    const target = await eventually(async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/json/list`);
      return ((await answer.json()) as readonly Target[]).find(({ type }) => type === 'page');
    });
    const socket = new WebSocket(target.webSocketDebuggerUrl);
    await within(once(socket, 'open'), 'a connection to Chromium');
    const tools = new DevTools(socket);
    await tools.call('Page.enable');
    await tools.call('Network.enable');
    await tools.call('Log.enable');
    return tools;
  }

  async call(method: string, params: object = {}): Promise<unknown> {
    const id = ++this.#lastId;
    const call = Promise.withResolvers<unknown>();
    this.#calls.set(id, call);
    this.#socket.send(JSON.stringify({ id, method, params }));
    return await within(call.promise, method, 60_000);
  }

  on(method: string, listener: (params: unknown) => void): void {
    this.#listeners.push({ method, listener });
  }

  async open(url: string): Promise<void> {
    await this.call('Page.navigate', { url });
  }

  /** @returns the value of a JavaScript expression in the page, as JSON knows it */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = (await this.call('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    })) as Evaluated;
    if (exceptionDetails !== undefined) {
      throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    }
    return result.value;
  }

  /** As a person does it. */
  async click(selector: string): Promise<void> {
    const expression = `document.querySelector(${JSON.stringify(selector)}).click()`;
    await this.call('Runtime.evaluate', { expression, userGesture: true });
  }

  /** What a reader sees of the page. */
  async text(): Promise<string> {
    return String(await this.evaluate('document.body?.innerText ?? ""'));
  }

  /** Of what is in the window, as PNG. */
  async screenshot(): Promise<Buffer> {
    const { data } = (await this.call('Page.captureScreenshot', { format: 'png' })) as { readonly data: string };
    return Buffer.from(data, 'base64');
  }

  #onMessage({ id, method, params, result, error }: Message): void {
    for (const one of this.#listeners) if (one.method === method) one.listener(params);
    const call = id === undefined ? undefined : this.#calls.get(id);
    if (id === undefined || call === undefined) return;
    this.#calls.delete(id);
    if (error === undefined) call.resolve(result);
    else call.reject(new Error(error.message));
  }
}
