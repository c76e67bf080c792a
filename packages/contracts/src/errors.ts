import * as z from 'zod'
import { Currency } from './money.ts'
import { OrderStatus } from './order.ts'

/** One thing wrong with a request: where (the field; over REST `body`, `query`, `path` or `header` before it), and what. */
export const Issue = z
  .strictObject({ loc: z.array(z.union([z.string(), z.int()])), msg: z.string() })
  .meta({ id: 'Issue' })
export type Issue = z.infer<typeof Issue>

/** A product an order asked too much of. */
export const Shortage = z
  .strictObject({ productId: z.string(), sku: z.string(), requested: z.int(), available: z.int() })
  .meta({ id: 'Shortage' })
export type Shortage = z.infer<typeof Shortage>

const none = z.strictObject({})

/**
 * Every error a caller can meet, once: HTTP status, tRPC code, text (the REST `detail`), what to do next, and the
 * shape of its details. Both doors and the client are derived from this table.
 */
export const errors = {
  VALIDATION: {
    status: 422,
    trpc: 'BAD_REQUEST',
    text: 'The request is not valid',
    next: 'Correct the fields that are named and send the request again.',
    details: z.strictObject({ issues: z.array(Issue) }),
  },
  MALFORMED_JSON: {
    status: 422,
    trpc: 'PARSE_ERROR',
    text: 'The body is not valid JSON',
    next: 'Send a JSON document in UTF-8.',
    details: z.strictObject({ issues: z.array(Issue) }),
  },
  MALFORMED_REQUEST: {
    status: 400,
    trpc: 'BAD_REQUEST',
    text: 'The request cannot be read',
    next: 'Check the percent-encoding of the path, the Host header, and that the body is as long as announced and packed as content-encoding says; a batch over RPC is one object of at most 10 inputs.',
    details: none,
  },
  INVALID_CURSOR: {
    status: 400,
    trpc: 'BAD_REQUEST',
    text: 'The cursor is not valid',
    next: 'Pass the cursor of the last page unchanged, or leave it out to begin again.',
    details: none,
  },
  OUT_OF_STOCK: {
    status: 400,
    trpc: 'BAD_REQUEST',
    text: 'Not enough stock available',
    next: 'Ask for at most what details.products says is available.',
    details: z.strictObject({ products: z.array(Shortage) }),
  },
  PRODUCT_NOT_FOUND: {
    status: 404,
    trpc: 'NOT_FOUND',
    text: 'Product not found',
    next: 'List the products to see which ids exist.',
    details: z.strictObject({ productIds: z.array(z.string()) }),
  },
  NO_PRODUCTS: {
    status: 404,
    trpc: 'NOT_FOUND',
    text: 'No products found',
    next: 'Create a product first.',
    details: none,
  },
  ORDER_NOT_FOUND: {
    status: 404,
    trpc: 'NOT_FOUND',
    text: 'Order not found',
    next: 'List the orders to see which ids exist.',
    details: z.strictObject({ orderId: z.string() }),
  },
  ROUTE_NOT_FOUND: {
    status: 404,
    trpc: 'NOT_FOUND',
    text: 'Not Found',
    next: 'See /docs for the paths that exist.',
    details: none,
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    trpc: 'METHOD_NOT_SUPPORTED',
    text: 'Method Not Allowed',
    next: 'Use one of the methods that the Allow header names.',
    details: none,
  },
  SKU_TAKEN: {
    status: 409,
    trpc: 'CONFLICT',
    text: 'Another product has this SKU',
    next: 'Choose another SKU; details.productId is the product that has this one.',
    details: z.strictObject({ sku: z.string(), productId: z.string() }),
  },
  INVALID_TRANSITION: {
    status: 409,
    trpc: 'CONFLICT',
    text: 'The order cannot move from its status to that one',
    next: 'Move it to one of details.allowed; where that is empty, the order has ended.',
    details: z.strictObject({ from: OrderStatus, to: OrderStatus, allowed: z.array(OrderStatus) }),
  },
  QUANTITY_CHANGED: {
    status: 409,
    trpc: 'CONFLICT',
    text: 'The quantity is not what was expected',
    next: 'Decide again by details.current, and send that as expected.',
    details: z.strictObject({ expected: z.int(), current: z.int() }),
  },
  BODY_TOO_LARGE: {
    status: 413,
    trpc: 'PAYLOAD_TOO_LARGE',
    text: 'The body is too large',
    next: 'Send at most 1 MiB, or over RPC 8 MiB to products.upsertMany; split what is larger.',
    details: none,
  },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    trpc: 'UNSUPPORTED_MEDIA_TYPE',
    text: 'The body must be JSON',
    next: 'Send content-type: application/json, in UTF-8; over REST as it is or packed by gzip, deflate or br, over RPC as it is.',
    details: none,
  },
  CURRENCY_MISMATCH: {
    status: 422,
    trpc: 'UNPROCESSABLE_CONTENT',
    text: 'An order cannot mix currencies',
    next: 'Place one order for each currency that details.currencies names.',
    details: z.strictObject({ currencies: z.array(Currency) }),
  },
  AMOUNT_OUT_OF_RANGE: {
    status: 422,
    trpc: 'UNPROCESSABLE_CONTENT',
    text: 'The total is too large to be exact',
    next: 'Split the order: a total can be at most 9007199254740991 minor units.',
    details: none,
  },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    trpc: 'UNPROCESSABLE_CONTENT',
    text: 'This idempotency key belongs to another request',
    next: 'Use a new key for each change, and the same key only to repeat one unchanged.',
    details: none,
  },
  INTERNAL: {
    status: 500,
    trpc: 'INTERNAL_SERVER_ERROR',
    text: 'Internal Server Error',
    next: 'Report it with the request id. No effect was acknowledged: look whether there was one before you send it again.',
    details: none,
  },
  BUSY: {
    status: 503,
    trpc: 'SERVICE_UNAVAILABLE',
    text: 'The shop is busy',
    next: 'Nothing was done. Send the same request again in a moment.',
    details: none,
  },
  OUTCOME_UNKNOWN: {
    status: 503,
    trpc: 'SERVICE_UNAVAILABLE',
    text: 'It is not known whether the request took effect',
    next: 'Send it again with the same idempotency key; without one, look whether it did before you send it again.',
    details: none,
  },
} as const satisfies Record<string, ErrorEntry>

interface ErrorEntry {
  readonly status: number
  /** A name from tRPC's fixed list of codes. */
  readonly trpc: string
  readonly text: string
  readonly next: string
  readonly details: z.ZodType
}

/** The name of an error: a key of `errors`. */
export type ErrorCode = keyof typeof errors

/** The details that an error of this code carries. */
export type ErrorDetails<Code extends ErrorCode = ErrorCode> = z.infer<(typeof errors)[Code]['details']>

/** What an RPC error carries in `data.shop`: one member of this union for each code. */
export type ShopErrorData = {
  [Code in ErrorCode]: { readonly code: Code; readonly details: ErrorDetails<Code>; readonly next: string }
}[ErrorCode]
