/** `utility-entry.ts <module> [arguments]`: a child in which `process.parentPort` is what Electron's utility processes have. */
import { EventEmitter } from 'node:events';
import { pathToFileURL } from 'node:url';

class ParentPort extends EventEmitter {
  postMessage(message: unknown): void {
    if (process.connected) process.send?.(message);
  }
}

const parentPort = new ParentPort();
Object.assign(process, { parentPort });
process.on('message', (data) => void parentPort.emit('message', { data }));
// Electron ends them with the program.
process.on('disconnect', () => process.exit(0));
const [path = ''] = process.argv.splice(2, 1);
await import(pathToFileURL(path).href);
