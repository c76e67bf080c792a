import type { IncomingMessage, ServerResponse } from 'node:http'
import { proceduresOf } from './call-procedure.ts'
import { requestIdOf } from './request-id.ts'
import { finder } from './rest-finder.ts'
import type { RestDoor } from './rest-answer.ts'
import { RPC_PATH } from './rpc.ts'

/** A request that is over, as whoever counts them wants to know it. */
export interface Answered {
  readonly method: string
  /** `/products/{product_id}`, `/trpc/products.list`, `/trpc/batch`, `/livez`; `other` for what there is not. */
  readonly route: string
  /** 499 where the client went away before it had its answer. */
  readonly status: number
  readonly seconds: number
  /** As the answer's `x-request-id` and the `request_id` of an error say it. */
  readonly requestId: string
}

export type OnAnswer = (answered: Answered) => void

/** Tells of a request when it is over. */
export function answeredTeller(door: Pick<RestDoor, 'operations' | 'router'>, onAnswer: OnAnswer) {
  const nameOf = routeNamer(door)
  return (request: IncomingMessage, response: ServerResponse): void => {
    const { method = '', url = '' } = request
    const begun = performance.now()
    response.once('close', () =>
      onAnswer({
        method,
        route: nameOf(method, url),
        status: response.writableFinished ? response.statusCode : 499,
        seconds: (performance.now() - begun) / 1000,
        requestId: requestIdOf(request),
      }),
    )
  }
}

const pages = new Set(['/', '/docs', '/openapi.json', '/livez', '/readyz'])

/** The route that an address takes: there are as many as the shop has, whatever is asked for. */
function routeNamer({ operations, router }: Pick<RestDoor, 'operations' | 'router'>) {
  const find = finder(new Map(operations.map((operation) => [operation, operation.route.path])))
  const procedures = proceduresOf(router)
  return (method: string, url: string): string => {
    const path = url.split('?', 1)[0]!
    const procedure = path.startsWith(RPC_PATH) ? path.slice(RPC_PATH.length) : undefined
    if (procedure?.includes(',')) return '/trpc/batch'
    if (pages.has(path) || (procedure !== undefined && Object.hasOwn(procedures, procedure))) return path
    return find(method === 'HEAD' ? 'GET' : method, path)?.value ?? 'other'
  }
}
