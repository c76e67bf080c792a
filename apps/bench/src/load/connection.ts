import { once } from 'node:events'
import { connect } from 'node:net'
import type { Answer } from './answers.ts'
import { answerReader } from './answers.ts'

/** One keep-alive connection. */
export interface Connection {
  /** Sends a whole HTTP/1.1 request. Another may follow before it is answered: answers come in the same order. */
  send(request: string): Promise<Answer>
  close(): void
}

/** All connections read into the same memory, one after the other: none keeps what it was shown. */
const received = Buffer.allocUnsafe(256 * 1024)

export async function openConnection(url: URL): Promise<Connection> {
  const waiting: ((answer: Answer) => void)[] = []
  const read = answerReader((answer) => waiting.shift()?.(answer))
  const socket = connect({
    host: url.hostname,
    port: Number(url.port),
    noDelay: true,
    onread: {
      buffer: received,
      callback(length) {
        read(received.subarray(0, length))
        return true
      },
    },
  })
  await once(socket, 'connect')
  socket.on('error', ignore)
  socket.on('close', () => {
    for (const answer of waiting.splice(0)) answer(broken)
  })
  return {
    send: (request) =>
      new Promise((resolve) => {
        if (socket.destroyed) return resolve(broken)
        waiting.push(resolve)
        socket.write(request, 'latin1')
      }),
    close: () => void socket.destroy(),
  }
}

const broken: Answer = { outcome: 'broken', size: 0 }
const ignore = (): void => {}
