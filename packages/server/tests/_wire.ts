import { once } from 'node:events'
import type { IncomingMessage, RequestListener } from 'node:http'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** A request as it goes over the wire. */
export interface Sent {
  readonly method?: string
  readonly path: string
  /** Names and values in turn: one can stand twice. */
  readonly headers?: readonly string[]
  readonly body?: string | Buffer
  /** Sends the body without saying its length. */
  readonly chunked?: boolean
}

export interface Received {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  readonly counted: boolean
}

export interface TestServer extends AsyncDisposable {
  readonly port: number
  readonly send: (sent: Sent) => Promise<Received>
}

/** Listens on a port of its own. */
export async function listen(listener: RequestListener): Promise<TestServer> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    send: (sent) => send(port, sent),
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function send(port: number, { method = 'GET', path, headers = [], body, chunked }: Sent): Promise<Received> {
  const outgoing = request({ port, method, path, agent: false, setHost: !headers.includes('host') })
  for (let at = 0; at < headers.length; at += 2) outgoing.appendHeader(headers[at]!, headers[at + 1]!)
  // What is removed, Node does not add by itself: nothing is said of a body that there is not.
  if (!chunked) outgoing.removeHeader('transfer-encoding')
  if (body === undefined || chunked) outgoing.removeHeader('content-length')
  else outgoing.setHeader('content-length', Buffer.byteLength(body))
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>
  if (chunked) outgoing.write(body)
  outgoing.end(chunked ? undefined : body)
  const [incoming] = await answered
  // How an answer is cut into pieces, and what becomes of the connection, is not what it says.
  const {
    date: _date,
    connection: _connection,
    'keep-alive': _keepAlive,
    'transfer-encoding': _chunked,
    'content-length': length_,
    ...told
  } = incoming.headers
  return { status: incoming.statusCode, headers: told, body: await text(incoming), counted: length_ !== undefined }
}
