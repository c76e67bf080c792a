import { createReadStream, createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { finished } from 'node:stream/promises'

/** What a client asks for. `order`, where it stands, is the id of the order that is moved on. */
export type Input =
  | { readonly kind: 'place'; readonly userId: string; readonly lines: readonly Line[] }
  | { readonly kind: 'cancel' | 'pay' | 'fulfil'; readonly order: string }
  | { readonly kind: 'refund'; readonly order: string; readonly restock: boolean }
  | { readonly kind: 'adjust'; readonly product: string; readonly delta: number }
  | { readonly kind: 'set'; readonly product: string; readonly quantity: number }

export interface Line {
  readonly product: string
  readonly quantity: number
}

/** What the shop acknowledged: an order as it was then, or the units on hand of a product. */
export type Answer =
  | { readonly order: string; readonly status: string; readonly total: number; readonly lines: readonly PricedLine[] }
  | { readonly product: string; readonly quantity: number }

export interface PricedLine extends Line {
  readonly unitPrice: number
  readonly total: number
}

/**
 * How an attempt ended. `ok`: acknowledged. `fail`: refused, and without effect. `info`: nobody knows, for the answer
 * was lost or says so. `broken`: an answer that the contract does not know, such as a 500.
 */
export interface Outcome {
  readonly type: 'ok' | 'fail' | 'info' | 'broken'
  readonly status?: number
  /** The shop's code, or what became of the connection. */
  readonly code?: string
  readonly replayed?: boolean
  readonly answer?: Answer
}

/** One line of the history file. `time` is in milliseconds since the run began. */
export type Event =
  | { readonly type: 'run'; readonly time: number; readonly seed: number; readonly profile: string }
  | ({ readonly type: 'invoke'; readonly key?: string; readonly input: Input } & Attempt)
  | (Outcome & Attempt)
  | {
      readonly type: 'fault'
      readonly time: number
      readonly fault: string
      readonly phase: 'begin' | 'end'
    }
  /** A server that was asked to end has done so: with 0 where it did so cleanly. */
  | { readonly type: 'exit'; readonly time: number; readonly exitCode: number | null }
  | { readonly type: 'lost answers'; readonly time: number; readonly count: number }

/** The same operation may be asked for several times, under one key; each time is an attempt. */
export interface Attempt {
  readonly time: number
  readonly operation: number
  readonly attempt: number
  /** Which client, and which server it asked. */
  readonly process: number
  readonly server: number
  /** Made when nothing was being broken, past the proxies: it must be answered for good. */
  readonly calm: boolean
}

type Timeless<E> = E extends Event ? Omit<E, 'time'> : never

export interface HistoryWriter extends AsyncDisposable {
  write(event: Timeless<Event>): void
}

export function writeHistory(path: string): HistoryWriter {
  const began = performance.now()
  const file = createWriteStream(path)
  return {
    write(event) {
      file.write(`${JSON.stringify({ time: Math.round(performance.now() - began), ...event })}\n`)
    },
    async [Symbol.asyncDispose]() {
      file.end()
      await finished(file)
    },
  }
}

/** JSON lines, one after the other. */
export async function* readLines<T>(path: string): AsyncGenerator<T> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity })
  for await (const line of lines) yield JSON.parse(line) as T
}
