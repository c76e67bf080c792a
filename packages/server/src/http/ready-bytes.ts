import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { LRUCache } from 'lru-cache'
import { compressor } from './compressor.ts'
import type { Parts } from './pieces.ts'
import { isSame } from './pieces.ts'
import { hasNoBody } from './plain-json.ts'
import type { ReadyAnswer } from './ready-answer.ts'
import { answerMaker } from './ready-answer.ts'
import { isPage } from './ready-procedures.ts'
import { hostChecker } from './rpc-plain-call.ts'

/** A request whose answer may be kept. */
export interface ReadyRequest {
  /** Calls the shop, once or for each call of a batch. */
  readonly run: () => Promise<readonly unknown[]>
  /** The body, as the door itself would write it. */
  readonly partsOf: (outputs: readonly unknown[]) => Parts
  readonly contentType: string
  /** The headers of a request that the door's answers depend on. */
  readonly vary: readonly string[]
}

/** A door's part: which of its requests may be answered so. What is wrong with one is for the door to say. */
export type ReadyDoor = (request: IncomingMessage) => ReadyRequest | undefined

export interface ReadyOptions {
  readonly doors: readonly ReadyDoor[]
  /** `shop.products.stamp`. */
  readonly stamp: () => number | undefined
  /** What every answer says: names and values in turn. */
  readonly head: readonly string[]
}

interface Entry {
  readonly stamp: number
  readonly outputs: readonly unknown[]
  readonly answer: ReadyAnswer
}

/** Bytes that all entries together may take. */
const MEMORY = 64 * 1024 * 1024

/**
 * Answers kept as bytes, given before any door is entered. One is good while the stamp is what it was just before the
 * answer was made; everything that this process acknowledges raises the stamp. They are kept by the address alone: the
 * answer of a procedure that says `ready` does not depend on who asks.
 *
 * A change of one product raises the stamp for all, so an answer is made again when it is next asked for; where the
 * shop answers with the same objects, the bytes are still good, and of those that changed only the text is new.
 */
export function readyBytes({ doors, stamp, head }: ReadyOptions) {
  const entries = new LRUCache<string, Entry>({ maxSize: MEMORY, sizeCalculation: ({ answer }) => answer.memory })
  const isHost = hostChecker()
  const makeAnswer = answerMaker(head, compressor())

  return (request: IncomingMessage, response: ServerResponse, otherwise: RequestListener): void => {
    const key = keyOf(request)
    const now = key === undefined ? undefined : stamp()
    if (key === undefined || now === undefined) return otherwise(request, response)
    const entry = entries.get(key)
    if (entry?.stamp === now) return entry.answer.write(request, response)
    const asked = find(request)
    if (!asked) return otherwise(request, response)
    make(key, asked, now)
      .then(
        ({ answer }) => answer.write(request, response),
        () => otherwise(request, response),
      )
      .catch((error: Error) => response.destroy(error))
  }

  /** Undefined where more than the address decides: a body, or a form of the answer that only tRPC's handler has. */
  function keyOf(request: IncomingMessage): string | undefined {
    const { method, url, headers } = request
    if (method !== 'GET' && method !== 'HEAD') return undefined
    if (!hasNoBody(request) || headers['trpc-accept'] !== undefined) return undefined
    if (headers.accept?.includes('jsonl') || !isHost(headers.host)) return undefined
    return method === 'GET' ? url : `HEAD ${url}`
  }

  function find(request: IncomingMessage): ReadyRequest | undefined {
    try {
      for (const door of doors) {
        const asked = door(request)
        if (asked) return asked
      }
    } catch {
      // The door finds the same fault, and has an answer to it.
    }
    return undefined
  }

  async function make(key: string, asked: ReadyRequest, stamp: number): Promise<Entry> {
    const outputs = await asked.run()
    const last = entries.peek(key)
    const isUnchanged =
      last !== undefined && last.outputs.every((output, index) => isSameOutput(output, outputs[index]))
    const answer = isUnchanged ? last.answer : makeAnswer(asked.partsOf(outputs), asked)
    const entry = { stamp, outputs, answer }
    entries.set(key, entry)
    return entry
  }
}

function isSameOutput(one: unknown, other: unknown): boolean {
  if (one === other) return true
  return isPage(one) && isPage(other) && one.nextCursor === other.nextCursor && isSame(one.items, other.items)
}
