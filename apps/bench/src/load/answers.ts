/** What one request came to. */
export interface Answer {
  /** `200`, `201`, a failure with its code, as `400 OUT_OF_STOCK`, or `broken` where the connection ended instead. */
  readonly outcome: string
  /** The bytes of its body, as they were sent. */
  readonly size: number
}

interface Body {
  readonly status: string
  /** Kept of failures alone: who answers well is not read. */
  readonly pieces: Buffer[] | undefined
  size: number
  /** Bytes still to come: not finite where the body is in chunks, whose last one is empty. */
  left: number
  /** The last bytes of a body in chunks. */
  tail: Buffer
}

/**
 * Takes the bytes of a connection as they come, tells of each answer that is whole, and keeps none of the bytes: the
 * next ones may arrive in the same piece of memory. Of an answer in chunks it sees the end only where nothing follows.
 */
export function answerReader(onAnswer: (answer: Answer) => void): (received: Buffer) => void {
  let head: Buffer | undefined
  let body: Body | undefined

  return (received) => {
    let bytes = received
    while (bytes.length > 0) {
      if (!body) {
        if (head) bytes = Buffer.concat([head, bytes])
        const end = bytes.indexOf('\r\n\r\n')
        head = end < 0 ? Buffer.from(bytes) : undefined
        if (head) return
        body = bodyAfter(bytes.toString('latin1', 0, end))
        bytes = bytes.subarray(end + 4)
      }
      bytes = take(body, bytes)
      if (body.left > 0) return
      const { size } = body
      const outcome = outcomeOf(body)
      body = undefined
      onAnswer({ outcome, size })
    }
  }
}

function bodyAfter(head: string): Body {
  const status = head.slice(9, 12)
  return { status, pieces: status < '400' ? undefined : [], size: 0, left: lengthIn(head), tail: none }
}

function lengthIn(head: string): number {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  return length === undefined ? Infinity : Number(length)
}

/** What follows the body, or nothing where it is not whole yet. */
function take(body: Body, bytes: Buffer): Buffer {
  const length = Math.min(body.left, bytes.length)
  body.pieces?.push(Buffer.from(bytes.subarray(0, length)))
  body.size += length
  body.left -= length
  if (body.left === Infinity) {
    body.tail = Buffer.concat([body.tail, bytes.subarray(-lastChunk.length)]).subarray(-lastChunk.length)
    if (body.tail.equals(lastChunk)) body.left = 0
  }
  return bytes.subarray(length)
}

function outcomeOf({ status, pieces }: Body): string {
  if (!pieces) return status
  // The last one: what tRPC calls the code stands before the code of the shop.
  const code = /^.*"code": ?"([A-Z_]+)"/s.exec(Buffer.concat(pieces).toString('latin1'))?.[1]
  return code ? `${status} ${code}` : status
}

const lastChunk = Buffer.from('0\r\n\r\n')
const none = Buffer.alloc(0)
