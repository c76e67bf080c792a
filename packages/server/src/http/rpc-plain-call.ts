import type { IncomingMessage } from 'node:http'
import { proceduresOf } from './call-procedure.ts'
import { hasNoBody, hasPlainJson, plainUrl } from './plain-json.ts'
import type { TrpcOptions } from './rpc-options.ts'

/** Calls of existing procedures, all of one type, by the method of that type; a subscription comes alone. */
export interface PlainCall {
  readonly type: 'query' | 'mutation' | 'subscription'
  readonly isBatch: boolean
  readonly paths: readonly string[]
  /** The JSON text of a query's input; a mutation's is the body. */
  readonly input: string | null
}

const types = { GET: 'query', POST: 'mutation' } as const

/** Tells a plain call from its head. Nothing else is taken: what is refused for its head is refused by tRPC. */
export function plainCallReader(options: TrpcOptions): (request: IncomingMessage) => PlainCall | undefined {
  const { router, basePath, maxBodySize, maxBatchSize } = options
  const procedures = proceduresOf(router)
  const isHost = hostChecker()

  return (request) => {
    const { method, url = '', headers } = request
    if (method !== 'GET' && method !== 'POST') return undefined
    if (!(method === 'GET' ? hasNoBody(request) : hasPlainJson(request, maxBodySize))) return undefined
    if (headers['trpc-accept'] !== undefined || headers.accept?.includes('jsonl') || !isHost(headers.host))
      return undefined
    const { path, query } = plainUrl(url) ?? {}
    if (!path?.startsWith(basePath) || !query || query.has('connectionParams')) return undefined

    const isBatch = query.get('batch') === '1'
    const joined = path.slice(basePath.length)
    const isSubscription = method === 'GET' && !isBatch && procedures[joined]?._def.type === 'subscription'
    if (isSubscription && (query.has('lastEventId') || query.has('Last-Event-Id'))) return undefined
    const type = isSubscription ? 'subscription' : types[method]
    const paths = isBatch ? joined.split(',') : [joined]
    if (isBatch && paths.length > maxBatchSize) return undefined
    // A lazy router is absent until tRPC has loaded it.
    if (!paths.every((each) => procedures[each]?._def.type === type)) return undefined
    return { type, isBatch, paths, input: method === 'GET' ? query.get('input') : null }
  }
}

/** tRPC makes a URL of the host too, and refuses what is none. Most requests name the same one. */
export function hostChecker(): (host: string | undefined) => boolean {
  let known: string | undefined
  return (host) => {
    if (host === undefined) return false
    if (host !== known && URL.canParse(`http://${host}`)) known = host
    return host === known
  }
}
