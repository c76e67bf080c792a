import { once } from 'node:events'
import { connect } from 'node:net'

/** One keep-alive connection, for one request at a time. */
export interface Connection {
  /**
   * Sends a whole HTTP/1.1 request and says what came back: `200`, `201`, a failure with its code, as
   * `400 OUT_OF_STOCK`, or `broken` where the connection ended instead.
   */
  send(request: string): Promise<string>
  close(): void
}

export async function openConnection(url: URL): Promise<Connection> {
  const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true })
  await once(socket, 'connect')
  let received: Buffer | undefined
  let answer: (outcome: string) => void = ignore
  socket.on('data', (chunk: Buffer) => {
    received = received ? Buffer.concat([received, chunk]) : chunk
    const outcome = readAnswer(received)
    if (outcome === undefined) return
    received = undefined
    answer(outcome)
  })
  socket.on('error', ignore)
  socket.on('close', () => answer('broken'))
  return {
    send: (request) =>
      new Promise((resolve) => {
        answer = resolve
        if (socket.destroyed) resolve('broken')
        else socket.write(request, 'latin1')
      }),
    close: () => void socket.destroy(),
  }
}

const ignore = (): void => {}

/** Undefined while the answer has not come whole. */
function readAnswer(bytes: Buffer): string | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const head = bytes.toString('latin1', 0, headEnd)
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  // Without a length the answer is in chunks, and the last one is empty.
  const whole =
    length === undefined ? bytes.subarray(-5).equals(lastChunk) : bytes.length >= headEnd + 4 + Number(length)
  if (!whole) return undefined
  const status = head.slice(9, 12)
  if (status < '400') return status
  // The last one: what tRPC calls the code stands before the code of the shop.
  const code = /^.*"code": ?"([A-Z_]+)"/s.exec(bytes.toString('latin1', headEnd))?.[1]
  return code ? `${status} ${code}` : status
}

const lastChunk = Buffer.from('0\r\n\r\n')
