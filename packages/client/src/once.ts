import type { ErrorCode, ShopErrorData } from '@stockroom/contracts'
import type { AppRouter } from '@stockroom/server'
import type { TRPCClientError, TRPCLink } from '@trpc/client'
import { retryLink } from '@trpc/client'
import { observable } from '@trpc/server/observable'
import type { inferRouterInputs } from '@trpc/server'

type Inputs = inferRouterInputs<AppRouter>
type PathOf<Path, Input> = Input extends object ? ('idempotencyKey' extends keyof Input ? Path : never) : never
type Keyed = {
  [Resource in keyof Inputs]: {
    [Name in keyof Inputs[Resource]]: PathOf<`${Resource}.${Name & string}`, Inputs[Resource][Name]>
  }[keyof Inputs[Resource]]
}[keyof Inputs]

/** The mutations that take an idempotency key, all of them: a new one does not compile before it stands here. */
const keyed = new Set(
  Object.keys({
    'orders.create': true,
    'orders.cancel': true,
    'orders.pay': true,
    'orders.fulfil': true,
    'orders.refund': true,
    'products.adjustQuantity': true,
  } satisfies Record<Keyed, true>),
)

const passing: ReadonlySet<ErrorCode> = new Set(['BUSY', 'OUTCOME_UNKNOWN'])

/** Gives each such call a key of its own, unless the caller has named one, and tells of it where the call fails. */
export const withKeys: TRPCLink<AppRouter> =
  () =>
  ({ op, next }) => {
    if (!keyed.has(op.path)) return next(op)
    // A mutation that takes a key takes an object, which an operation does not say.
    const input = withKey(op.input as { idempotencyKey?: string | undefined })
    return observable((observer) =>
      next({ ...op, input }).subscribe({
        ...observer,
        error(error) {
          error.meta = { ...error.meta, idempotencyKey: input.idempotencyKey }
          observer.error(error)
        },
      }),
    )
  }

/**
 * Sends a call again that got no answer, or BUSY or OUTCOME_UNKNOWN, where that cannot do anything twice: queries, and
 * mutations with a key. It waits a random time before each repeat, up to 0.2, 0.4, 0.8 … 2 s.
 *
 * BUSY says of one try alone that it had no effect. Where an earlier try may have had one, the call ends with what
 * became of that: whoever was told BUSY would place another order.
 */
export function repeating(retries: number): TRPCLink<AppRouter> {
  return (runtime) => (call) =>
    observable((observer) => {
      let unclear: TRPCClientError<AppRouter> | undefined
      const retry = retryLink<AppRouter>({
        retry({ op, error, attempts }) {
          if (mayPass(error) && !isBusy(error)) unclear = error
          const isSafe = op.type === 'query' || keyed.has(op.path)
          return attempts <= retries && isSafe && mayPass(error)
        },
        retryDelayMs,
      })
      return retry(runtime)(call).subscribe({
        ...observer,
        error: (error) => observer.error(unclear && isBusy(error) ? unclear : error),
      })
    })
}

/**
 * Subscribes again where something before the shop has refused the connection, which is the end for an EventSource. A
 * connection that is lost it makes again by itself.
 */
export const reconnecting: TRPCLink<AppRouter> = retryLink({ retry: ({ error }) => mayPass(error), retryDelayMs })

/**
 * Says what went wrong before each new try: a watch of a wrong address would look like a slow one for ever. What the
 * listener throws goes nowhere near the connection, which would be made again for it, for ever.
 */
export const saysWhy: TRPCLink<AppRouter> =
  () =>
  ({ op, next }) =>
    observable((observer) =>
      next(op).subscribe({
        ...observer,
        next(value) {
          try {
            observer.next(value)
          } catch (error) {
            queueMicrotask(() => {
              throw error
            })
          }
        },
        error(error) {
          if (mayPass(error)) observer.next({ result: { type: 'state', state: 'connecting', error } })
          observer.error(error)
        },
      }),
    )

function retryDelayMs(attempt: number): number {
  return Math.random() * Math.min(100 * 2 ** attempt, 2000)
}

function mayPass(error: TRPCClientError<AppRouter>): boolean {
  const code = codeOf(error)
  return code === undefined || passing.has(code)
}

function isBusy(error: TRPCClientError<AppRouter>): boolean {
  return codeOf(error) === 'BUSY'
}

/** Undefined where the answer was lost, or came from something that is not the shop. */
function codeOf(error: TRPCClientError<AppRouter>): ErrorCode | undefined {
  const shop: ShopErrorData | undefined = error.data?.shop
  return shop?.code
}

function withKey(input: { idempotencyKey?: string | undefined }): { idempotencyKey: string } {
  return { ...input, idempotencyKey: input.idempotencyKey ?? newKey() }
}

/** 128 random bits. Not randomUUID, which browsers offer on secure pages only. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
