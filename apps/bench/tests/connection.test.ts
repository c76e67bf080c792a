import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import type { Answer } from '../src/load/answers.ts'
import { answerReader } from '../src/load/answers.ts'
import { openConnection } from '../src/load/connection.ts'

const problem = '{"code":"BAD_REQUEST","data":{"code":"OUT_OF_STOCK"}}'
const answers = [
  'HTTP/1.1 200 OK\r\nContent-Length: 12\r\nX: y\r\n\r\n{"code":"no"',
  'HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n\r\n',
  `HTTP/1.1 400 Bad Request\r\nContent-Length: ${problem.length}\r\n\r\n${problem}`,
  'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}',
]
const told: Answer[] = [
  { outcome: '200', size: 12 },
  { outcome: '201', size: 0 },
  { outcome: '200', size: 15 },
  { outcome: '400 OUT_OF_STOCK', size: problem.length },
  { outcome: '503', size: 2 },
]

test('answers are told apart wherever the bytes are cut, and however the memory is used again', () => {
  for (let length = 1; length <= 80; length++) {
    const read: Answer[] = []
    const reader = answerReader((answer) => read.push(answer))
    const memory = Buffer.alloc(length)
    // One that is in chunks is followed by none until it is read: it does not say where it ends.
    for (const text of [answers.slice(0, 2).join(''), answers[2]!, answers.slice(3).join('')])
      for (let at = 0; at < text.length; at += length)
        reader(memory.subarray(0, memory.write(text.slice(at, at + length))))
    expect(read, `in pieces of ${length}`).toEqual(told)
  }
})

test('requests sent one behind the other are answered in turn, and broken when the connection ends', async () => {
  const server = createServer((socket: Socket) => {
    socket.once('data', () => socket.end(`${answers[0]}${answers[3]}${answers[1]!.slice(0, 20)}`))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const connection = await openConnection(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
  const outcomes = await Promise.all(['1', '2', '3', '4'].map((text) => connection.send(text)))
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['200', '400 OUT_OF_STOCK', 'broken', 'broken'])
  expect((await connection.send('5')).outcome).toBe('broken')
  server.close()
})
