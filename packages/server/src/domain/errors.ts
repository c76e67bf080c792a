import type { ErrorCode, ErrorDetails } from '@stockroom/contracts'
import { errors } from '@stockroom/contracts'
import { isTransient } from '../collections/transient.ts'

/** An error from the table in contracts/errors.ts: the only kind that the domain lets out on purpose. */
export class ShopError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'ShopError'
  readonly code: Code
  readonly details: ErrorDetails<Code>

  constructor(code: Code, details: ErrorDetails<Code>, options?: ErrorOptions) {
    super(errors[code].text, options)
    this.code = code
    this.details = details
  }
}

/** Whether `error` is one of the table's, of this code if one is named. */
export function isShopError(error: unknown): error is ShopError
export function isShopError<Code extends ErrorCode>(error: unknown, code: Code): error is ShopError<Code>
export function isShopError(error: unknown, code?: ErrorCode): error is ShopError {
  return error instanceof ShopError && (code === undefined || error.code === code)
}

/** So many faults of one input are named: whoever sent more has sent something else. */
export const MAX_ISSUES = 100

/** Runs a read: a database that is away for the moment is BUSY, and a read that failed had no effect. */
export async function reading<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    throw isTransient(error) ? new ShopError('BUSY', {}, { cause: error }) : error
  }
}
