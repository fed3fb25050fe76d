/** What the preload offers: plain data in, plain data out. */
interface SfericBridge {
  /** `token`: what `shell.confirm` gave for exactly this request, where one is needed. */
  readonly request: (method: string, params: unknown, token?: string) => Promise<unknown>;
  readonly subscribe: (listener: (name: string, data: unknown) => void) => () => void;
}
interface Window {
  readonly sferic: SfericBridge;
}
declare module '*.css';
