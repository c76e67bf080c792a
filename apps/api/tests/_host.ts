import type { ChildProcess } from 'node:child_process'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))

export interface Host extends AsyncDisposable {
  /** Where it serves; rejects if it ends before it does. */
  readonly url: Promise<string>
  readonly process: ChildProcess
  /** All that it wrote so far. */
  readonly output: { out: string; err: string }
  /** When it has ended: its exit code, or the signal that killed it. */
  readonly ended: Promise<number | NodeJS.Signals>
}

/** The real host as a process of its own, with these variables and no others of ours. Disposing kills it. */
export function startHost(variables: Record<string, string>): Host {
  const child = spawn(process.execPath, ['--conditions=@stockroom/source', main], {
    env: { ...outside(), PORT: '0', LOG_LEVEL: 'warn', ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { out: '', err: '' }
  child.stderr.on('data', (chunk) => (output.err += String(chunk)))
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals)
  const url = new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      output.out += String(chunk)
      const found = /Shop +(http:\/\/\S+)/.exec(output.out)?.[1]
      // The box comes in one piece, and its last line is the frame.
      if (found && output.out.includes('└')) resolve(found)
    })
    void ended.then((code) => reject(new Error(`The host ended with ${code}: ${output.err}`)))
  })
  // Who does not ask for the url knows how it ended otherwise.
  url.catch(() => {})
  return {
    url,
    process: child,
    output,
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** What of the environment has nothing to do with the shop. */
function outside(): NodeJS.ProcessEnv {
  const own = /^(PORT|HOST|MONGODB_|STOCKROOM_DATA|CORS_|LOG_LEVEL|SAMPLE_|NODE_|VITEST)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)))
}

/** A folder for the data of a host; what still runs on it is killed, then it is deleted. */
export async function dataFolder() {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'stockroom-api-')))
  return {
    path,
    async [Symbol.asyncDispose]() {
      for (const pid of await databasesIn(path)) process.kill(pid, 'SIGKILL')
      await rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    },
  }
}

/** The process ids of the databases that run on a folder. */
export async function databasesIn(folder: string): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-ww', '-A', '-o', 'pid=,args='])
  const lines = stdout.split('\n').filter((line) => line.includes(`--dbpath ${folder}`))
  return lines.map((line) => Number.parseInt(line, 10))
}
