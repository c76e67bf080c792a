import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Compress, Encoding } from './compressor.ts'
import { encodingFor } from './compressor.ts'
import type { Parts } from './pieces.ts'
import { together } from './pieces.ts'
import type { ReadyRequest } from './ready-bytes.ts'
import { requestIdOf } from './request-id.ts'

/** An answer as it goes out, in each encoding that there is of it so far. */
export interface ReadyAnswer {
  readonly write: (request: IncomingMessage, response: ServerResponse) => void
  /** Bytes that it may come to take, with all that is kept for it. */
  readonly memory: number
}

interface Form {
  /** Names and values in turn; the second is the id of the request at hand. */
  readonly head: string[]
  readonly body: Buffer
}

/** Below this, an answer is one packet anyhow. */
const WORTH_COMPRESSING = 1400
/** Bytes that have stood so long are worth it: in a busy shop, others replace them before they are compressed. */
const STANDING_MS = 100

/** `head` is what every answer says. */
export function answerMaker(head: readonly string[], compress: Compress) {
  return (parts: Parts, { contentType, vary }: Pick<ReadyRequest, 'contentType' | 'vary'>): ReadyAnswer => {
    const madeAt = performance.now()
    const { bytes: body, tag } = together(parts)
    // Weak, as one tag stands for every encoding. It is made of the body alone, so all processes give the same.
    const etag = `W/"${tag}"`
    const varying = [...vary, 'origin', 'accept-encoding'].join(', ')
    const unchanged = ['x-request-id', '', 'etag', etag, 'cache-control', 'no-cache', 'vary', varying, ...head]
    const plain = formOf(body)
    const compressed: Partial<Record<Encoding, Form>> = {}

    return {
      write(request, response) {
        const { method, headers } = request
        if (names(headers['if-none-match'], etag)) {
          unchanged[1] = requestIdOf(request)
          response.writeHead(304, unchanged).end()
          return
        }
        const { head, body } = formFor(headers['accept-encoding'])
        head[1] = requestIdOf(request)
        response.writeHead(200, head).end(method === 'HEAD' ? undefined : body)
      },
      // Its own bytes and the compressed ones, the objects that it was made of, and the lists above.
      memory: 4 * body.length + 4000,
    }

    function formOf(body: Buffer, encoding?: Encoding): Form {
      const described = ['content-type', contentType, 'content-length', String(body.length)]
      return { head: [...unchanged, ...described, ...(encoding ? ['content-encoding', encoding] : [])], body }
    }

    function formFor(accepted: string | string[] | undefined): Form {
      if (typeof accepted !== 'string' || body.length < WORTH_COMPRESSING) return plain
      const encoding = encodingFor(accepted)
      if (!encoding) return plain
      if (!compressed[encoding] && performance.now() - madeAt >= STANDING_MS) {
        compress(body, encoding, (smaller) => (compressed[encoding] = formOf(smaller, encoding)))
      }
      return compressed[encoding] ?? plain
    }
  }
}

/**
 * Whether a client has these bytes. Express's `fresh` says no to a Cache-Control of no-cache, and `fetch` sends that with
 * every If-None-Match.
 */
function names(noneMatch: string | undefined, etag: string): boolean {
  if (noneMatch === undefined) return false
  return noneMatch.trim() === '*' || noneMatch.split(',').some((tag) => bare(tag) === bare(etag))
}

const bare = (tag: string): string => tag.trim().replace(/^W\//, '')
