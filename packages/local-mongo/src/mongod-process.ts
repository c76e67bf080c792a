import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Mongod } from './check-mongod.ts'
import { watchFor } from './death-watch.ts'
import { setName } from './replica-set.ts'
import { startFailure } from './start-failure.ts'

/** What to start, and where. */
export interface MongodOptions {
  readonly mongod: Mongod
  readonly port: number
  /** An absolute path of a folder that exists. The log of the last start is kept beside it, as `<dbPath>.log`. */
  readonly dbPath: string
  /** Parameters of the server, given as `--setParameter name=value`. */
  readonly parameters: Readonly<Record<string, string | number>>
  /** Data that nobody wants when this process has died: mongod is killed then, and the data are deleted. */
  readonly throwAway: boolean
}

/** A mongod that accepts connections, or did. */
export interface MongodProcess {
  readonly pid: number
  /** Ends the process and waits for that: SIGTERM closes the data cleanly and takes about 1 s, SIGKILL is quick. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

/**
 * Starts a mongod and waits until it accepts connections. It ends when this process ends, however that happens.
 * `onExit` is called when it is gone, whoever ended it.
 */
export async function startMongod(options: MongodOptions, onExit: () => void = () => {}): Promise<MongodProcess> {
  const logPath = `${options.dbPath}.log`
  await using log = await open(logPath, 'w')
  const child = spawn(options.mongod.path, commandArguments(options), {
    stdio: ['ignore', log.fd, log.fd],
    // In a process group of its own Ctrl-C in the terminal does not reach it: the host ends it when it has drained.
    detached: !options.throwAway,
  })
  await once(child, 'spawn')
  const pid = child.pid ?? 0
  const unwatch = watchFor(pid, options)
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  void exited.then(unwatch).then(onExit)

  // Recovery after a crash takes its time.
  const deadline = Date.now() + 120_000
  for (;;) {
    const running = child.exitCode === null && child.signalCode === null && Date.now() < deadline
    const text = await readFile(logPath, 'utf8')
    if (text.includes('Waiting for connections')) break
    if (!running) {
      child.kill('SIGKILL')
      await exited
      throw await startFailure(options, text)
    }
    await sleep(20)
  }
  return {
    pid,
    async end(signal) {
      child.kill('SIGCONT')
      child.kill(signal)
      const timer = setTimeout(() => child.kill('SIGKILL'), 20_000)
      await exited
      clearTimeout(timer)
    },
  }
}

function commandArguments({ port, dbPath, parameters }: MongodOptions): string[] {
  const place = ['--dbpath', dbPath, '--port', String(port), '--bind_ip', '127.0.0.1', '--replSet', setName]
  // The storage engine is always said, a small cache too: by default it is half of the machine's memory.
  const size = ['--storageEngine', 'wiredTiger', '--wiredTigerCacheSizeGB', '0.5', '--oplogSize', '1024']
  // A killed mongod would leave its Unix socket in the temporary folder for ever.
  const quiet = process.platform === 'win32' ? ['--quiet'] : ['--quiet', '--nounixsocket']
  return [
    ...place,
    ...size,
    ...quiet,
    ...Object.entries(parameters).flatMap(([name, value]) => ['--setParameter', `${name}=${value}`]),
  ]
}
