import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface ProcessUsage {
  readonly rssMb: number;
  /** User and system time of all its threads since it began. */
  readonly cpuSeconds: number;
}

/** `[[dd-]hh:]mm:ss[.ff]`, as `ps` writes a time. */
function secondsOf(time: string): number {
  const [days, clock] = time.includes('-') ? time.split('-') : ['0', time];
  return (clock ?? '').split(':').reduce((sum, part) => sum * 60 + Number(part), 0) + Number(days) * 86_400;
}

/** Of another process of ours. On Linux in hundredths of a second, elsewhere as well as `ps` knows it. */
export function usageOf(pid: number): ProcessUsage {
  if (process.platform !== 'linux') {
    const [rssKib = '', time = ''] = execFileSync('ps', ['-o', 'rss=,time=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .split(/\s+/);
    return { rssMb: (Number(rssKib) * 1024) / 1e6, cpuSeconds: secondsOf(time) };
  }
  const [, rssKib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  // The name in brackets may hold anything: fields are counted from behind it.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return { rssMb: (Number(rssKib) * 1024) / 1e6, cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100 };
}
