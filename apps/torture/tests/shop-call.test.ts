import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Agent, createServer } from 'node:http'
import { expect, test } from 'vitest'
import { ask } from '../src/shop-call.ts'

test.for([
  [200, 'not JSON'],
  [201, '{}'],
  [500, '<html>'],
] as const)('an answer of %i with %s is none that the contract knows', async ([status, body]) => {
  const server = createServer((_request, response) => void response.writeHead(status).end(body)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  using agent = Object.assign(new Agent(), { [Symbol.dispose]: () => agent.destroy() })
  const input = { kind: 'cancel', order: 'f'.repeat(24) } as const
  const { port } = server.address() as AddressInfo
  expect(await ask({ input, operation: 1 }, { agent, port })).toMatchObject({ type: 'broken', status })
  server.close()
})
