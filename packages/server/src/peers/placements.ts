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
export const PLACEMENTS_PATH = '/placements/1'

export type Placed = Replayable<OrderDocument>

interface Refused {
  readonly code: ErrorCode
  readonly details: object
  /** Why, where it is not the caller's doing: for the log of the process that was asked. */
  readonly cause?: string
}

/** What has become of each order that was handed over, and the products that they changed, as they were left. */
export interface PlacementsAnswer {
  readonly outcomes: readonly (Placed | Refused)[]
  readonly products: readonly ProductDocument[]
}

export function encodeCommands(commands: readonly PlaceOrder[]): Uint8Array {
  return encode({ commands })
}

export function decodeCommands(body: Uint8Array): readonly PlaceOrder[] {
  return BSON.deserialize(body).commands as PlaceOrder[]
}

export function encodeAnswer(outcomes: readonly PromiseSettledResult<Placed>[], products: readonly ProductDocument[]) {
  return encode({
    outcomes: outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : refused(outcome.reason))),
    products,
  })
}

export function decodeAnswer(body: Uint8Array): PlacementsAnswer {
  return BSON.deserialize(body) as PlacementsAnswer
}

export function outcomeOf(outcome: PlacementsAnswer['outcomes'][number]): Placed | ShopError {
  if (!('code' in outcome)) return outcome
  const { code, details, cause } = outcome
  // They were a pair when they were sent.
  return new ShopError(code, details as never, cause === undefined ? undefined : { cause: new Error(cause) })
}

function refused(error: unknown): Refused {
  const { code, details, cause } = isShopError(error) ? error : new ShopError('INTERNAL', {}, { cause: error })
  return { code, details, ...(cause instanceof Error && { cause: cause.stack ?? cause.message }) }
}

/** Throws above 17 MB, which the library takes for the largest document. */
function encode(message: object): Uint8Array {
  return BSON.serialize(message, { ignoreUndefined: true })
}
