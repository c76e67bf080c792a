import type { Agent } from 'node:http'
import { request } from 'node:http'

export interface Call {
  readonly agent: Agent
  readonly port: number
  readonly method: 'POST' | 'PUT'
  readonly path: string
  readonly body: unknown
  readonly key?: string
}

export interface HttpAnswer {
  readonly status: number
  readonly replayed: boolean
  readonly text: string
}

/** Longer than a server's own deadline for an answer. */
const TIMEOUT_MS = 8000

/** One request on a kept connection. Rejects when the connection is lost, before or after the request was received. */
export function call({ agent, port, method, path, body, key }: Call): Promise<HttpAnswer> {
  const text = JSON.stringify(body)
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...(key !== undefined && { 'idempotency-key': key }),
  }
  return new Promise((resolve, reject) => {
    const options = { agent, host: '127.0.0.1', port, method, path, headers, timeout: TIMEOUT_MS }
    const sent = request(options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const replayed = response.headers['idempotency-replayed'] === 'true'
        resolve({ status: response.statusCode ?? 0, replayed, text: Buffer.concat(chunks).toString() })
      })
    })
    sent.on('timeout', () => sent.destroy(new Error('ETIMEDOUT')))
    sent.on('error', reject)
    sent.end(text)
  })
}
