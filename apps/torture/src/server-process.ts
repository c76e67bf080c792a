import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import type { TcpProxy } from './tcp-proxy.ts'
import { openTcpProxy } from './tcp-proxy.ts'

/** A server in a process of its own, and the proxy that its clients reach it through. */
export interface ServerProcess extends AsyncDisposable {
  readonly proxy: TcpProxy
  /** The port of the server itself, past the proxy. */
  readonly port: number
  /** Sends the signal; for those that end it, waits for that. Gives the exit code of SIGTERM. */
  signal(signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): Promise<number | null>
  start(): Promise<void>
}

export interface ServerOptions {
  /** The file to run: host.ts, or its copy beside other sources. */
  readonly host: string
  readonly uri: string
  readonly database: string
  /** What the server writes to stderr is added to this file. */
  readonly log: string
}

const TRIES = 5
const ENDS_WITHIN_MS = 20_000

export async function openServer({ host, uri, database, log }: ServerOptions): Promise<ServerProcess> {
  const proxy = await openTcpProxy(0)
  // Those that are killed leave there what they would have removed.
  const folder = await mkdtemp(join(tmpdir(), 'stockroom-server-'))
  const errors = createWriteStream(log, { flags: 'a' })
  let child: ChildProcess | undefined

  const server: ServerProcess = {
    proxy,
    get port() {
      return proxy.upstream
    },
    async signal(signal) {
      const running = child
      if (!running || running.exitCode !== null || running.signalCode !== null) return null
      if (signal === 'SIGSTOP' || signal === 'SIGCONT') {
        running.kill(signal)
        return null
      }
      const exited = once(running, 'exit')
      running.kill(signal)
      const timer = setTimeout(() => running.kill('SIGKILL'), ENDS_WITHIN_MS)
      await exited
      clearTimeout(timer)
      return running.exitCode
    },
    /** A shop does not open while the set has no primary: it is started again then, as a supervisor would. */
    async start() {
      for (let left = TRIES; ; left--) {
        child = spawn(process.execPath, ['--conditions=@stockroom/source', host, uri, database], {
          stdio: ['pipe', 'pipe', 'pipe'],
          // oxlint-disable-next-line node/no-process-env -- the rest of it stays what it is
          env: { ...process.env, TMPDIR: folder },
        })
        child.stderr?.pipe(errors, { end: false })
        const address = await addressOf(child)
        if (address) {
          proxy.upstream = Number(new URL(address).port)
          return
        }
        if (left === 1) throw new Error(`A server does not start: ${(await readFile(log, 'utf8')).slice(-2000)}`)
        await wait(500)
      }
    },
    async [Symbol.asyncDispose]() {
      await server.signal('SIGCONT')
      await server.signal('SIGKILL')
      await proxy[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
      errors.end()
    },
  }
  try {
    await server.start()
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
  return server
}

async function addressOf(child: ChildProcess): Promise<string | undefined> {
  const stopped = new AbortController()
  const lines = createInterface({ input: child.stdout! })
  const line = once(lines, 'line', stopped).then(([text]: string[]) => text)
  const exit = once(child, 'exit', stopped).then(() => undefined)
  try {
    return await Promise.race([line, exit])
  } finally {
    line.catch(() => {})
    exit.catch(() => {})
    stopped.abort()
  }
}
