import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AnyTRPCRouter } from '@trpc/server'
import { isShopError, ShopError } from '../domain/errors.ts'
import type { Shop } from '../shop.ts'
import { RETRY, writeEvents } from './events.ts'
import { hasBody, signalMaker } from './plain-json.ts'
import { problem } from './problem.ts'
import { requestIdOf } from './request-id.ts'
import type { RestRequest } from './rest-input.ts'
import type { Operation } from './rest-operations.ts'
import { performer } from './rest-perform.ts'
import type { HeadOf } from './write-answer.ts'
import { setHead, writeAnswer } from './write-answer.ts'

/** What the two mounts of the REST door share: the lean one, and Express for all that is unusual. */

/** Told of every error that is ours, with the id that the caller was given: the caller sees INTERNAL and no more. */
export type OnError = (error: unknown, requestId: string) => void

export interface RestDoor {
  readonly router: AnyTRPCRouter
  readonly operations: readonly Operation[]
  readonly shop: Shop
  readonly onError: OnError
  /** What an answer says that is written without Express. */
  readonly headOf: HeadOf
  /** Aborts when the process is about to stop. */
  readonly draining?: AbortSignal
}

export type Answer = (request: RestRequest, response: ServerResponse) => Promise<void>

/** Performs an operation and writes its answer; its errors are for `answerError`. */
export function answerer({ router, shop, headOf, draining }: RestDoor, operation: Operation): Answer {
  const perform = performer(router, operation)
  return async (request, response) => {
    const signalOf = signalMaker(response)
    const { status, head: own, body } = await perform(request, { shop, call: {}, draining }, signalOf)
    const head = [...headOf(response.req), ...own]
    if (typeof body === 'string') return writeAnswer(response, status, { head, body })
    setHead(response, head)
    // HEAD asks for what stands before the events, and would wait for them for ever.
    if (response.req.method === 'HEAD') response.end()
    else await writeEvents(response, body, { opening: RETRY, heartbeat: ':\n\n', closing: '', left: signalOf() })
  }
}

/** Writes what a request gets that failed, wherever it did. */
export function answerError(
  { onError, headOf }: RestDoor,
  error: unknown,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
): void {
  const known = toShopError(error)
  const requestId = requestIdOf(request)
  if (known.code === 'INTERNAL') onError(isShopError(error) ? error.cause : error, requestId)
  if (response.headersSent) return void response.destroy()
  // What is left of a refused body must not be read as the next request. Where there is none, nothing is left.
  if (!request.complete && hasBody(request)) response.setHeader('connection', 'close')
  const { status, head, body } = problem(known, requestId)
  writeAnswer(response, status, { head: [...headOf(request), ...head], body })
}

/** Two texts that are no UTF-8 must not become the same one, of replacement characters. A byte order mark it drops. */
export const utf8 = new TextDecoder('utf-8', { fatal: true })

export function malformedJson(cause: unknown): ShopError<'MALFORMED_JSON'> {
  return new ShopError('MALFORMED_JSON', { issues: [{ loc: ['body'], msg: 'is not valid JSON' }] }, { cause })
}

/** Express and its body parser throw errors of their own, told apart by the status they suggest. */
function toShopError(error: unknown): ShopError {
  if (isShopError(error)) return error
  const { type, status } = error as { type?: unknown; status?: unknown }
  const options = { cause: error }
  if (type === 'entity.parse.failed') return malformedJson(error)
  if (status === 413) return new ShopError('BODY_TOO_LARGE', {}, options)
  if (status === 415) return new ShopError('UNSUPPORTED_MEDIA_TYPE', {}, options)
  if (status === 400) return new ShopError('MALFORMED_REQUEST', {}, options)
  return new ShopError('INTERNAL', {}, options)
}
