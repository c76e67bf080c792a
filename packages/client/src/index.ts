import type { ErrorCode, ShopErrorData } from '@stockroom/contracts'
// A type and no more: prepack.ts copies what it reaches, so that an installed client needs no server.
import type { AppRouter } from '@stockroom/server'
import type { Operation, TRPCClient } from '@trpc/client'
import { createTRPCClient, httpBatchLink, httpLink, splitLink, TRPCClientError } from '@trpc/client'
import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server'
import superjson from 'superjson'
import { untilAborted, withDeadline } from './deadline.ts'
import type { RequestHeaders } from './live.ts'
import { live } from './live.ts'
import { reconnecting, repeating, saysWhy, withKeys } from './once.ts'

export type {
  ErrorCode,
  ErrorDetails,
  Money,
  Order,
  OrderLine,
  OrderStatus,
  Product,
  ShopErrorData,
} from '@stockroom/contracts'

/** What each procedure takes: `Inputs['orders']['create']`. */
export type Inputs = inferRouterInputs<AppRouter>

/** What each procedure answers: `Outputs['products']['byId']`. */
export type Outputs = inferRouterOutputs<AppRouter>

/** The shop: `client.products.list.query()`, `client.orders.create.mutate({ … })`, `client.orders.watch.subscribe({ … })`. */
export type ShopClient = TRPCClient<AppRouter>

export interface ShopClientOptions {
  /** Where the shop is, for instance `http://localhost:8000`, without `/trpc`. */
  readonly url: string
  /** Used instead of the global `fetch`. */
  readonly fetch?: typeof fetch | undefined
  /** How often a call that got no clear answer is sent again, where that is safe; 3 unless given, 0 for never. */
  readonly retries?: number | undefined
  /** Sent with every request; a function is asked before each, for instance for a token that is renewed. */
  readonly headers?: RequestHeaders | undefined
}

/** The server takes at most 10 calls in one request, and 1 MiB; a batch stays well below. */
const MAX_BATCH_CALLS = 10
const MAX_BATCH_CHARACTERS = 256 * 1024
/** Longer addresses of GET requests are cut up by some proxies. */
const MAX_URL_LENGTH = 4000

/**
 * A client of the shop at `url`. Calls made together travel as one request of at most 10 calls and about 256 KB;
 * large ones travel alone. Calls throw TRPCClientError, which `isShopError` narrows.
 *
 * A call whose answer was lost is sent again, where that cannot do anything twice: changes of orders and adjustments of
 * stock carry an idempotency key of their own, so one click is one order however often it had to be sent. A try that is
 * not answered within 30 seconds counts as lost.
 *
 * A subscription stays until it is left: where its connection is lost, it begins anew with the state there is.
 */
export function createShopClient({ url, fetch, headers, retries = 3 }: ShopClientOptions): ShopClient {
  const options = { url: rpcAddress(url), transformer: superjson, fetch, headers }
  const calls = splitLink<AppRouter>({
    condition: travelsAlone,
    true: httpLink(options),
    false: httpBatchLink({ ...options, maxItems: MAX_BATCH_CALLS, maxURLLength: MAX_URL_LENGTH }),
  })
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: ({ type }) => type === 'subscription',
        true: [reconnecting, saysWhy, live(options)],
        false: [untilAborted, withKeys, repeating(retries), withDeadline, calls],
      }),
    ],
  })
}

/** Throws where calls would go nowhere. An address without a host is one of the page's own server. */
function rpcAddress(url: string): string {
  const address = url.replace(/\/+$/, '')
  if (!/^(https?:\/\/|\/|$)/i.test(address)) {
    throw new Error(`The url of a shop begins with http:// or https://, and "${url}" does not.`)
  }
  if (address.endsWith('/trpc')) throw new Error(`The url of a shop is its address alone: leave /trpc off "${url}".`)
  return `${address}/trpc`
}

/** Whether a call is too large to share a request; a batch link refuses what alone is longer than its limits. */
function travelsAlone({ type, input }: Operation): boolean {
  const json = JSON.stringify(input) ?? ''
  return type === 'query'
    ? encodeURIComponent(json).length > MAX_URL_LENGTH / 4
    : json.length > MAX_BATCH_CHARACTERS / MAX_BATCH_CALLS
}

/** An error of a call that the shop has answered, with the code and details of contracts/errors.ts. */
export type ShopCallError<Code extends ErrorCode = ErrorCode> = Error & {
  readonly data: { readonly shop: Extract<ShopErrorData, { code: Code }> }
}

/**
 * Whether `error` is the shop's own answer (of this code): `isShopError(e, 'OUT_OF_STOCK')` makes
 * `e.data.shop.details.products` known. False for what never reached the shop, such as a lost connection.
 */
export function isShopError(error: unknown): error is ShopCallError
export function isShopError<Code extends ErrorCode>(error: unknown, code: Code): error is ShopCallError<Code>
export function isShopError(error: unknown, code?: ErrorCode): error is ShopCallError {
  if (!(error instanceof Error && 'data' in error)) return false
  const { data } = error
  if (typeof data !== 'object' || data === null || !('shop' in data)) return false
  const { shop } = data
  return typeof shop === 'object' && shop !== null && 'code' in shop && (code === undefined || shop.code === code)
}

/**
 * The idempotency key that a failed call of `orders` or `products.adjustQuantity` was sent with: who passes it as the
 * `idempotencyKey` of the same call gets what that call did, if it did anything. Undefined for all other errors.
 */
export function idempotencyKeyOf(error: unknown): string | undefined {
  const key = error instanceof TRPCClientError ? error.meta?.['idempotencyKey'] : undefined
  return typeof key === 'string' ? key : undefined
}
