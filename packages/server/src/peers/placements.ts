import type { ErrorCode } from '@stockroom/contracts'
import { BSON } from 'mongodb'
import type { OrderDocument } from '../collections/orders.ts'
import type { ProductDocument } from '../collections/products.ts'
import type { PlaceOrder, Replayable } from '../domain/commands.ts'
import { isShopError, ShopError } from '../domain/errors.ts'

/**
 * Where a door takes orders. The number rises when the form of a message changes: a process only ever reads the form
 * that it knows, so it need not check what it is sent.
 */
export const PLACEMENTS_PATH = '/placements/2'

export type Placed = Replayable<OrderDocument>

interface Refused {
  readonly code: ErrorCode
  readonly details: object
  /** Why, where it is not the caller's doing: for the log of the process that was asked. */
  readonly cause?: string
}

export type Outcome = Placed | Refused

/** The first message of two, where nothing is refused: what the orders come to, told while they are being committed. */
interface Decided {
  readonly decided: readonly Placed[]
}

/** The last message: what has become of the orders, and the products that they changed, as they were left. */
interface Answer {
  /** Absent where it is what was decided. */
  readonly outcomes?: readonly Outcome[]
  readonly products: readonly ProductDocument[]
  /** The door closes, and this connection must not be used again. */
  readonly closing: boolean
}

export function encodeCommands(commands: readonly PlaceOrder[]): Uint8Array {
  return encode({ commands })
}

export function decodeCommands(body: Uint8Array): readonly PlaceOrder[] {
  return BSON.deserialize(body).commands as PlaceOrder[]
}

export function encodeDecided(decided: readonly Placed[]): Uint8Array {
  return encode({ decided })
}

export function encodeAnswer(answer: Answer): Uint8Array {
  return encode(answer)
}

/** The messages of a stream: each begins with its length. */
export async function* messagesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<Decided | Answer, void> {
  let parts: Buffer[] = []
  let missing = 4
  for await (const part of stream) {
    parts.push(part)
    missing -= part.length
    while (missing <= 0) {
      const received = Buffer.concat(parts)
      const length = received.readInt32LE()
      const isWhole = received.length >= length
      // It was sent by a process that knows this form, as its path says.
      if (isWhole) yield BSON.deserialize(received.subarray(0, length)) as Decided | Answer
      const rest = isWhole ? received.subarray(length) : received
      missing = (isWhole ? 4 : length) - rest.length
      parts = [rest]
    }
  }
}

export function outcomeOf(outcome: Outcome): Placed | ShopError {
  if (!('code' in outcome)) return outcome
  const { code, details, cause } = outcome
  // They were a pair when they were sent.
  return new ShopError(code, details as never, cause === undefined ? undefined : { cause: new Error(cause) })
}

export function refused(error: unknown): Refused {
  const { code, details, cause } = isShopError(error) ? error : new ShopError('INTERNAL', {}, { cause: error })
  return { code, details, ...(cause instanceof Error && { cause: cause.stack ?? cause.message }) }
}

/** Throws above 17 MB, which the library takes for the largest document. */
function encode(message: object): Uint8Array {
  return BSON.serialize(message, { ignoreUndefined: true })
}
