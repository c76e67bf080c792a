import type { IncomingMessage, RequestListener } from 'node:http'
import { createHTTPHandler } from '@trpc/server/adapters/standalone'
import { isShopError } from '../domain/errors.ts'
import { appRouter } from '../router.ts'
import type { Shop } from '../shop.ts'
import { toShopError } from '../trpc.ts'
import { BULK_PATH, MAX_BODY, MAX_BULK_BODY } from './body-limit.ts'
import type { OnError } from './rest-answer.ts'
import { requestIdOf } from './request-id.ts'
import type { RpcOptions, TrpcOptions } from './rpc-options.ts'
import { leanHandler } from './rpc-lean.ts'

export const RPC_PATH = '/trpc/'
const JSON_TYPE = 'application/json'

/** tRPC replaces the Vary header that cors has set, so it is told the origin too. */
const varyOrigin = new Headers({ vary: 'origin' })

export interface RpcDoor {
  readonly shop: Shop
  readonly onError: OnError
  /** Aborts when the process is about to stop. */
  readonly draining?: AbortSignal
}

/** What the RPC door tells tRPC, beside the router and the most it takes of a body. */
export function rpcOptions({ shop, onError, draining }: RpcDoor): Omit<TrpcOptions, 'router' | 'maxBodySize'> {
  return {
    basePath: RPC_PATH,
    maxBatchSize: 10,
    createContext: () => ({ shop, call: {}, draining }),
    onError({ error, req }) {
      const { code } = toShopError(error)
      if (code === 'INTERNAL') onError(error.cause ?? error, requestIdOf(req))
    },
    responseMeta({ info, type, errors, ctx }) {
      if (info && errors.length === 0 && !ctx?.call?.replayed) return { headers: varyOrigin }
      const headers = new Headers(varyOrigin)
      // Without info tRPC could not read the request, and would label its answer as text.
      if (!info) headers.set('content-type', JSON_TYPE)
      if (errors.some(({ code }) => code === 'METHOD_NOT_SUPPORTED'))
        headers.set('allow', type === 'mutation' ? 'POST' : 'GET')
      if (errors.some(({ cause, code }) => isShopError(cause) && code === 'SERVICE_UNAVAILABLE'))
        headers.set('retry-after', '1')
      // One header cannot speak for several calls.
      if (ctx?.call?.replayed && info?.calls.length === 1) headers.set('idempotency-replayed', 'true')
      return { headers }
    },
  }
}

export interface RpcHandlerOptions extends RpcDoor, Pick<RpcOptions, 'headOf'> {
  /** Puts what every answer says on the response, for tRPC's own handler. */
  readonly admit: (next: RequestListener) => RequestListener
}

/** The RPC door. */
export function rpcHandler({ headOf, admit, ...door }: RpcHandlerOptions): RequestListener {
  const handle = handlerUpTo(MAX_BODY)
  const handleBulk = handlerUpTo(MAX_BULK_BODY)

  return (request, response) => {
    requireJson(request)
    // tRPC makes a fetch Request of each call, and that has no TRACE: by another name it is refused like any other.
    if (request.method === 'TRACE') request.method = 'OPTIONS'
    return request.url?.split('?', 1)[0] === BULK_PATH ? handleBulk(request, response) : handle(request, response)
  }

  function handlerUpTo(maxBodySize: number): RequestListener {
    const options = { ...rpcOptions(door), router: appRouter, maxBodySize }
    const handleAny = createHTTPHandler(options)
    return leanHandler(
      { ...options, headOf },
      admit((request, response) => {
        // tRPC sets no content type where it cannot make a URL of the request.
        response.setHeader('content-type', JSON_TYPE)
        handleAny(request, response)
      }),
    )
  }
}

/**
 * tRPC also takes forms and octet streams, which a page of any other site can send without asking first (a mutation
 * without input would run). Without its content type such a request is answered with 415.
 */
function requireJson(request: IncomingMessage): void {
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  const isCompressed = (request.headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity'
  if (type !== JSON_TYPE || isCompressed) delete request.headers['content-type']
}
