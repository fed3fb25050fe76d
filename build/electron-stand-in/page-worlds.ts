/// <reference lib="dom" />
/** Functions that run in the page. Each is sent there as its own source text, so none refers to anything outside itself. */

export interface Peer {
  readonly send: (kind: string, detail: unknown) => void;
  readonly on: (kind: string, listener: (detail: never) => void) => void;
  readonly pack: (value: unknown, depth?: number) => Packed;
  readonly unpack: (packed: Packed) => unknown;
}
export interface Packed {
  readonly t: string;
  readonly v?: unknown;
  readonly id?: number;
}

/** One end of a context bridge between two worlds of one page: DOM events carry clones, functions travel as numbers. */
export function bridgePeer(channel: string, me: string, other: string): Peer {
  const page = document;
  const Message = CustomEvent;
  const clone = structuredClone;
  const fire = page.dispatchEvent.bind(page);
  const functions = new Map<number, (...args: unknown[]) => unknown>();
  const numbers = new WeakMap<object, number>();
  const waiting = new Map<number, { ok: (value: unknown) => void; no: (error: Error) => void }>();
  let last = 0;
  let returned: { ok: boolean; v?: Packed; m?: string } | undefined;
  const text = (error: unknown): string => String((error as Error)?.message ?? error);
  const send = (kind: string, detail: unknown): void => void fire(new Message(`${channel}:${other}:${kind}`, { detail }));
  const on = (kind: string, listener: (detail: never) => void): void =>
    page.addEventListener(`${channel}:${me}:${kind}`, (event) => listener((event as CustomEvent).detail as never), true);
  const numberOf = (fn: (...args: unknown[]) => unknown): number => {
    const known = numbers.get(fn);
    if (known !== undefined) return known;
    numbers.set(fn, ++last);
    functions.set(last, fn);
    return last;
  };
  const pack = (value: unknown, depth = 0): Packed => {
    if (depth > 100) throw new Error('nesting too deep');
    if (typeof value === 'function') return { t: 'function', id: numberOf(value as (...args: unknown[]) => unknown) };
    if (value instanceof Promise) {
      const id = ++last;
      value.then(
        (result) => send('settle', { id, ok: true, v: pack(result) }),
        (error: unknown) => send('settle', { id, ok: false, v: text(error) }),
      );
      return { t: 'promise', id };
    }
    if (value instanceof Error) return { t: 'error', v: value.message };
    if (Array.isArray(value)) return { t: 'array', v: value.map((item) => pack(item, depth + 1)) };
    // As in Electron, prototypes are dropped.
    if (value !== null && typeof value === 'object' && Object.prototype.toString.call(value) === '[object Object]') {
      return { t: 'object', v: Object.entries(value).map(([name, field]) => [name, pack(field, depth + 1)]) };
    }
    return { t: 'value', v: clone(value) };
  };
  const unpack = ({ t, v, id = 0 }: Packed): unknown => {
    if (t === 'function') return (...args: unknown[]) => call(id, args);
    if (t === 'promise') return new Promise((ok, no) => waiting.set(id, { ok, no }));
    if (t === 'error') return new Error(String(v));
    if (t === 'array') return (v as Packed[]).map(unpack);
    if (t !== 'object') return v;
    const made = {};
    for (const [name, field] of v as [string, Packed][]) {
      Object.defineProperty(made, name, { value: unpack(field), enumerable: true, writable: true, configurable: true });
    }
    return made;
  };
  const call = (id: number, args: unknown[]): unknown => {
    const packed = pack(args);
    returned = undefined;
    send('call', { id, args: packed });
    const answer = returned as { ok: boolean; v?: Packed; m?: string } | undefined;
    returned = undefined;
    if (!answer) throw new Error('context bridge: no answer');
    if (!answer.ok) throw new Error(answer.m);
    return unpack(answer.v!);
  };
  on('call', ({ id, args }: { id: number; args: Packed }) => {
    try {
      send('return', { ok: true, v: pack(functions.get(id)!(...(unpack(args) as unknown[]))) });
    } catch (error) {
      send('return', { ok: false, m: text(error) });
    }
  });
  on('return', (answer: never) => {
    returned = answer;
  });
  on('settle', ({ id, ok, v }: { id: number; ok: boolean; v: Packed & string }) => {
    const waiter = waiting.get(id);
    waiting.delete(id);
    if (ok) waiter?.ok(unpack(v));
    else waiter?.no(new Error(v));
  });
  return { send, on, pack, unpack };
}

/** Runs in the page's own world, before any of its scripts. */
export function mainWorld(channel: string, peer: typeof bridgePeer): void {
  const bridge = peer(channel, 'main', 'preload');
  const freeze = (value: unknown): void => {
    if (value === null || typeof value !== 'object') return;
    Object.values(value).forEach(freeze);
    Object.freeze(value);
  };
  bridge.on('expose', ({ key, v }: { key: string; v: Packed }) => {
    const value = bridge.unpack(v);
    freeze(value);
    Object.defineProperty(window, key, { value, enumerable: true });
  });
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  const getUserMedia = devices?.getUserMedia.bind(devices);
  const asked = new Map<number, () => void>();
  bridge.on('media', (id: number) => asked.get(id)?.());
  // The main process rules first; what Chromium then does is its own.
  if (devices && getUserMedia) {
    devices.getUserMedia = async (constraints = {}) => {
      const kinds = (['video', 'audio'] as const).filter((kind) => constraints[kind] !== undefined && constraints[kind] !== false);
      await new Promise<void>((done) => {
        const id = asked.size + 1;
        asked.set(id, done);
        bridge.send('media', { id, kinds });
      });
      return getUserMedia(constraints);
    };
  }
  window.open = (url: string | URL = 'about:blank') => {
    bridge.send('open', String(new URL(url, location.href)));
    return null;
  };
}

type Listener = (event: unknown, ...args: unknown[]) => void;
type PreloadBody = (require: (id: string) => unknown, module: object, exports: object, process: object) => void;

/** Runs in an isolated world. `preload` is the bundled preload as a function: `new Function` would meet the page's policy. */
export function preloadWorld(
  channel: string,
  peer: typeof bridgePeer,
  codec: () => { enc: (value: unknown) => string; dec: (text: string) => unknown },
  info: object,
  preload: PreloadBody,
): void {
  if (window.top !== window) return; // no preload in sub-frames, as in Electron
  const { enc, dec } = codec();
  const bridge = peer(channel, 'preload', 'main');
  const listeners = new Map<string, Listener[]>();
  const waiting = new Map<number, { ok: (value: unknown) => void; no: (error: Error) => void }>();
  const hidden = globalThis as unknown as { standInTell: (text: string) => void; standInDeliver: (text: string) => void };
  const tell = (message: object): void => hidden.standInTell(enc(message));
  let last = 0;
  const ipcRenderer = {
    invoke: (name: string, ...args: unknown[]) =>
      new Promise((ok, no) => {
        const id = ++last;
        tell({ kind: 'invoke', id, channel: name, args });
        waiting.set(id, { ok, no });
      }),
    send: (name: string, ...args: unknown[]) => tell({ kind: 'send', channel: name, args }),
    on: (name: string, listener: Listener) => {
      listeners.set(name, [...(listeners.get(name) ?? []), listener]);
      return ipcRenderer;
    },
    off: (name: string, listener: Listener) => {
      listeners.set(name, (listeners.get(name) ?? []).filter((other) => other !== listener)); // prettier-ignore
      return ipcRenderer;
    },
    removeListener: (name: string, listener: Listener): unknown => ipcRenderer.off(name, listener),
  };
  hidden.standInDeliver = (text) => {
    const message = dec(text) as { kind?: string; channel: string; args: unknown[]; id: number; ok: boolean; v: never };
    if (message.kind === 'push') {
      for (const listener of listeners.get(message.channel) ?? []) listener({ sender: ipcRenderer, ports: [] }, ...message.args);
      return;
    }
    const waiter = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.ok) waiter?.ok(message.v);
    else waiter?.no(new Error(message.v));
  };
  // What a hand does reaches Electron's main process before the page; here the page's own world cannot make it up either.
  for (const [name, type] of [['pointerdown', 'mouseDown'], ['pointerup', 'mouseUp'], ['keydown', 'rawKeyDown']] as const) {
    addEventListener(name, (event) => event.isTrusted && tell({ kind: 'input', channel: type, args: [] }), true);
  }
  bridge.on('media', ({ id: asked, kinds }: { id: number; kinds: string[] }) => {
    const id = ++last;
    const done = (): void => bridge.send('media', asked);
    tell({ kind: 'media', id, channel: 'media', args: kinds });
    waiting.set(id, { ok: done, no: done });
  });
  bridge.on('open', (url: never) => tell({ kind: 'open', url }));
  const contextBridge = { exposeInMainWorld: (key: string, api: unknown) => bridge.send('expose', { key, v: bridge.pack(api) }) };
  const require = (id: string): unknown => {
    if (id === 'electron') return { contextBridge, ipcRenderer };
    throw new Error(`module not found: ${id} (a sandboxed preload may require electron only)`);
  };
  const module = { exports: {} };
  preload(require, module, module.exports, Object.freeze({ ...info, sandboxed: true, contextIsolated: true, type: 'renderer' }));
}
