import { availableParallelism, loadavg, totalmem } from 'node:os'

/** Where and when something was measured. */
export interface Machine {
  readonly date: string
  readonly cores: number
  readonly memoryGiB: number
  readonly node: string
  readonly mongod: string
  /** How busy the machine was with other things, just before. */
  readonly loadBefore: number
}

/** To be called before anything is measured. */
export function thisMachine(mongod: string): Machine {
  return {
    date: new Date().toISOString().slice(0, 10),
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    mongod,
    loadBefore: Math.round(loadavg()[0]! * 100) / 100,
  }
}

export function machineLine({ date, cores, memoryGiB, node, mongod, loadBefore }: Machine): string {
  const parts = [`${cores} cores`, `${memoryGiB} GiB of memory`, `Node ${node}`, `mongod ${mongod}, one node`]
  return `${date}; ${parts.join(', ')}; load average before the run ${loadBefore}; client, servers and database share the machine.`
}
