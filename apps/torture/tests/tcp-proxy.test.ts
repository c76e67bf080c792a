import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { TcpProxy } from '../src/tcp-proxy.ts'
import { openTcpProxy } from '../src/tcp-proxy.ts'

/** Answers every chunk with the same in capitals, and remembers what came. */
async function openEcho() {
  const received: string[] = []
  const listener = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      received.push(chunk.toString())
      socket.write(chunk.toString().toUpperCase())
    })
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const proxy = await openTcpProxy((listener.address() as AddressInfo).port)
  return {
    proxy,
    received,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]()
      listener.close()
    },
  }
}

/** What comes back on a connection until it ends, or for a moment. */
async function say(text: string, { port }: TcpProxy): Promise<{ socket: Socket; answer: string; ended: boolean }> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  let ended = false
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()))
  socket.on('error', () => {})
  socket.on('close', () => (ended = true))
  socket.write(text)
  await wait(100)
  return { socket, answer, ended }
}

test('what is said passes, both ways', async () => {
  await using echo = await openEcho()
  const { socket, ...heard } = await say('hello', echo.proxy)
  expect(heard).toEqual({ answer: 'HELLO', ended: false })
  socket.destroy()
})

test.each([
  { when: 'after the request', rules: { onRequest: () => 'after' as const }, received: ['hello'], answer: '' },
  { when: 'before the answer', rules: { onAnswer: () => 'before' as const }, received: ['hello'], answer: '' },
  { when: 'within the answer', rules: { onAnswer: () => 'within' as const }, received: ['hello'], answer: 'HE' },
  { when: 'at once', rules: { refuse: () => true }, received: [], answer: '' },
])('a connection can end $when', async ({ rules, received, answer }) => {
  await using echo = await openEcho()
  echo.proxy.rules = rules
  expect(await say('hello', echo.proxy)).toMatchObject({ answer, ended: true })
  expect(echo.received).toEqual(received)
})

test('what is held stays open and silent, and arrives when it is released', async () => {
  await using echo = await openEcho()
  echo.proxy.hold((opening) => opening.includes('hello'))
  const held = await say('hello', echo.proxy)
  expect(held).toMatchObject({ answer: '', ended: false })
  expect(await say('others', echo.proxy)).toMatchObject({ answer: 'OTHERS' })
  const answered = once(held.socket, 'data')
  echo.proxy.release()
  expect(String((await answered)[0])).toBe('HELLO')
})

test('what is held can end when it is released', async () => {
  await using echo = await openEcho()
  echo.proxy.hold(() => true)
  const { socket } = await say('hello', echo.proxy)
  const closed = once(socket, 'close')
  echo.proxy.release(true)
  await closed
  expect(echo.received).toEqual([])
})
