import { startMongod, type MongodOptions, type MongodProcess } from './mongod-process.ts'

/** One mongod of a throw-away replica set, to be killed and started again by tests. */
export interface MongoMember {
  readonly port: number
  /** Undefined while it is not running. */
  readonly pid: number | undefined
  /** Sends the signal. Resolves when the process is gone; at once for SIGSTOP and SIGCONT, which leave it there. */
  kill(signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): Promise<void>
  /** Starts it again on the same port and data. Resolves when it accepts connections; it rejoins the set after that. */
  start(): Promise<void>
}

/** Describes a member; nothing runs before `start`. */
export function createMember(options: MongodOptions): MongoMember {
  let running: MongodProcess | undefined
  return {
    port: options.port,
    get pid() {
      return running?.pid
    },
    async kill(signal) {
      if (!running) return
      if (signal === 'SIGKILL' || signal === 'SIGTERM') await running.end(signal)
      else process.kill(running.pid, signal)
    },
    async start() {
      if (running) throw new Error(`The member on port ${options.port} is running (pid ${running.pid}): kill it first.`)
      running = await startMongod(options, () => {
        running = undefined
      })
    },
  }
}
