import type { ShopErrorData } from '@stockroom/contracts'
import { errors } from '@stockroom/contracts'
import { initTRPC, TRPCError } from '@trpc/server'
import { z } from 'zod'
import type { Context } from './context.ts'
import { isShopError, MAX_ISSUES, ShopError } from './domain/errors.ts'
import type { RestRoute } from './rest-route.ts'
import { transformer } from './transformer.ts'

export interface Meta {
  /** Where the REST door offers the procedure; without it, RPC alone does. */
  readonly rest?: RestRoute
  /**
   * A query whose answers both doors keep as bytes (http/ready-bytes.ts): one resource of its `stamp`, or the first page
   * of them. It must be the same for whoever asks, because the address alone is what the bytes are kept by.
   */
  readonly ready?: true
}

const t = initTRPC
  .context<Context>()
  .meta<Meta>()
  .create({
    transformer,
    // Without this, stack traces go out wherever NODE_ENV is not "production".
    isDev: false,
    // A proxy may cut a connection on which nothing comes, and a reader that hears nothing for longer looks elsewhere.
    sse: { ping: { enabled: true, intervalMs: 15_000 }, client: { reconnectAfterInactivityMs: 40_000 } },
    errorFormatter({ shape, error }) {
      const shopError = toShopError(error)
      const { code, details } = shopError
      // Code and details were a pair when the error was made, which the union does not keep.
      const shop = { code, details, next: errors[code].next } as ShopErrorData
      return { ...shape, message: shopError.message, data: { ...shape.data, shop } }
    },
  })

/** Errors of the domain and of validation leave every procedure as what the table says of them. */
const typedErrors = t.middleware(async ({ next }) => {
  const result = await next()
  if (result.ok) return result
  throw typedError(result.error)
})

/** The error as the table says it; one that the table does not know, as it is. */
export function typedError(error: TRPCError): TRPCError {
  const { code, cause: thrown } = error
  // Output that fails its schema also carries a ZodError, but is our own fault and stays a 500.
  const cause = code === 'BAD_REQUEST' && thrown instanceof z.ZodError ? toValidation(thrown) : thrown
  return isShopError(cause) ? new TRPCError({ code: errors[cause.code].trpc, message: cause.message, cause }) : error
}

export const { router, createCallerFactory } = t
export const procedure = t.procedure.use(typedErrors)

/** What the table says of any error that a procedure, or tRPC before it, has thrown. */
export function toShopError(error: TRPCError): ShopError {
  if (isShopError(error.cause)) return error.cause
  switch (error.code) {
    case 'PARSE_ERROR':
      return malformedJson(error)
    case 'BAD_REQUEST':
      // What tRPC says of JSON that it cannot parse.
      return error.cause instanceof SyntaxError
        ? malformedJson(error)
        : new ShopError('MALFORMED_REQUEST', {}, { cause: error })
    case 'NOT_FOUND':
      return new ShopError('ROUTE_NOT_FOUND', {}, { cause: error })
    case 'METHOD_NOT_SUPPORTED':
      return new ShopError('METHOD_NOT_ALLOWED', {}, { cause: error })
    case 'PAYLOAD_TOO_LARGE':
      return new ShopError('BODY_TOO_LARGE', {}, { cause: error })
    case 'UNSUPPORTED_MEDIA_TYPE':
      return new ShopError('UNSUPPORTED_MEDIA_TYPE', {}, { cause: error })
    default:
      return new ShopError('INTERNAL', {}, { cause: error })
  }
}

function malformedJson(cause: TRPCError): ShopError {
  return new ShopError('MALFORMED_JSON', { issues: [{ loc: [], msg: 'is not valid JSON' }] }, { cause })
}

function toValidation(error: z.ZodError): ShopError<'VALIDATION'> {
  const issues = error.issues.flatMap((issue) => {
    const loc = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))
    return issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ loc: [...loc, key], msg: 'is not a field of this request' }))
      : [{ loc, msg: isMissing(issue) ? 'is missing' : issue.message }]
  })
  return new ShopError('VALIDATION', { issues: issues.slice(0, MAX_ISSUES) })
}

/** Zod says it in the terms of JavaScript, and tells what it was given in its text alone. */
function isMissing({ code, message }: z.core.$ZodIssue): boolean {
  return code === 'invalid_type' && message.endsWith('received undefined')
}
