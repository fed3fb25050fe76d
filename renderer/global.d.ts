/** What the preload offers: plain data in, plain data out. */
interface SfericBridge {
  readonly request: (method: string, params: unknown) => Promise<unknown>;
  readonly subscribe: (listener: (name: string, data: unknown) => void) => () => void;
}
interface Window {
  readonly sferic: SfericBridge;
}
declare module '*.css';
