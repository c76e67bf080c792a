import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * What the lean paths of both doors share: they take only requests of the most common form, told by the head alone,
 * and leave every other one, untouched, to tRPC's own handler and to Express.
 */

const JSON_TYPE = /^application\/json(?:; ?charset=utf-8)?$/i

/** Whether a body of at most `limit` bytes follows that is JSON in UTF-8, neither compressed nor chunked. */
export function hasPlainJson({ headers }: IncomingMessage, limit: number): boolean {
  const length = Number(headers['content-length'] ?? 0)
  return (
    length > 0 &&
    length <= limit &&
    headers['content-encoding'] === undefined &&
    headers['transfer-encoding'] === undefined &&
    JSON_TYPE.test(headers['content-type'] ?? '')
  )
}

/** Whether a body follows. Some clients announce the one they do not send: `content-length: 0` is none. */
export function hasBody({ headers }: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': chunked } = headers
  return chunked !== undefined || (length !== undefined && length !== '0')
}

/** Whether no body follows, nor is one described: an empty one of a named type is for the door to judge. */
export function hasNoBody(request: IncomingMessage): boolean {
  const { 'content-length': length, 'content-type': type } = request.headers
  return !hasBody(request) && (length === undefined || type === undefined)
}

export interface PlainUrl {
  readonly path: string
  readonly query: URLSearchParams
}

const NO_QUERY = new URLSearchParams()

/** The parts of an address in which nothing stands that a URL parser would change, such as `%2C`, `..` or `#`. */
export function plainUrl(url: string): PlainUrl | undefined {
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  if (!/^(?:\/\w[\w.,-]*)+$/.test(path)) return undefined
  if (mark < 0) return { path, query: NO_QUERY }
  const query = url.slice(mark + 1)
  return /^[!$-~]*$/.test(query) ? { path, query: new URLSearchParams(query) } : undefined
}

/** The body of a request for which `hasPlainJson` holds. Of a client that goes away before its end, it says nothing. */
export function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
  })
}

/** Gives, made when it is first asked for, what aborts when the client goes away before it has its answer. */
export function signalMaker(response: ServerResponse): () => AbortSignal {
  let signal: AbortSignal | undefined
  return () => (signal ??= makeSignal(response))
}

function makeSignal(response: ServerResponse): AbortSignal {
  const abort = new AbortController()
  const end = (): void => {
    if (!response.writableEnded) abort.abort()
  }
  if (response.destroyed) end()
  else response.once('close', end)
  return abort.signal
}
