import { contextBridge, ipcRenderer } from 'electron';

/** Everything that a page gets: two functions, no channel of its own choice, no object of Electron. */
contextBridge.exposeInMainWorld('sferic', {
  request: (method: unknown, params: unknown, ...token: unknown[]): Promise<unknown> => ipcRenderer.invoke(`sferic:${String(method)}`, params, ...token.slice(0, 1)),
  subscribe: (listener: (name: string, data: unknown) => void): (() => void) => {
    const told = (_event: unknown, name: string, data: unknown): void => listener(name, data);
    ipcRenderer.on('sferic:event', told);
    return () => void ipcRenderer.removeListener('sferic:event', told);
  },
});
