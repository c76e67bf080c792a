import { fileURLToPath } from 'node:url'
import { Readable, Writable } from 'node:stream'
import { inject } from 'vitest'
import { serve } from '@stockroom/server/http'
import type { TestShop } from '@stockroom/server/testing'
import { testShop } from '@stockroom/server/testing'
import type { Config } from '../src/config.ts'
import type { Io } from '../src/io.ts'
import { run } from '../src/run.ts'

/** The folder of the files that tests read. */
export const data = fileURLToPath(new URL('data', import.meta.url))

/** A shop in a fresh database, served, with the configuration that leads a command to it. */
export async function servedShop(): Promise<TestShop & { config: Config }> {
  const test = await testShop({ uri: inject('mongoUri') })
  const server = await serve({ shop: test.shop, port: 0, drainMs: 0 })
  return {
    ...test,
    config: { url: server.url, mongoUri: test.uri, database: test.database, dataFolder: '/nowhere', filesFrom: data },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await test[Symbol.asyncDispose]()
    },
  }
}

/** A configuration that leads nowhere, for what fails before anything is asked of a shop. */
export const noShop: Config = {
  url: 'http://127.0.0.1:1',
  database: 'none',
  dataFolder: '/nowhere',
  filesFrom: data,
}

export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs a command line as main.ts does, with what it writes kept apart. Nobody is there to be asked. */
export async function shop(config: Config, ...args: string[]): Promise<Ended> {
  return runWith(config, args, { in: Readable.from([]), out: new Memory(), err: new Memory() })
}

/** The same at a terminal, where somebody types `typed`, and then ends the input. */
export async function shopAtTerminal(config: Config, typed: string, ...args: string[]): Promise<Ended> {
  const terminal = { isTTY: true }
  const input = Object.assign(Readable.from(typed === '' ? [] : [typed]), terminal)
  return runWith(config, args, { in: input, out: new Memory(), err: Object.assign(new Memory(), terminal) })
}

async function runWith(config: Config, args: string[], io: Io & { out: Memory; err: Memory }): Promise<Ended> {
  const code = await run(args, { config, io })
  return { code, out: io.out.text, err: io.err.text }
}

class Memory extends Writable {
  text = ''

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}
