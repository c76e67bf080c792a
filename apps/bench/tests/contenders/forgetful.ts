import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { onJob } from '../../src/child.ts'

/** Says that every order is placed, and stores none. */
onJob(async () => {
  const server = createServer((_request, response) => response.writeHead(201).end('{}'))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
