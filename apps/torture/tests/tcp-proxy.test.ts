import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
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

/** Opens a connection, and says something on it. */
function say(text: string, { port }: TcpProxy): Socket {
  const socket = connect(port, '127.0.0.1')
  // A connection that is cut may end with an error first.
  socket.on('error', () => {}).write(text)
  return socket
}

async function nextOf(socket: Socket): Promise<string> {
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  return chunk.toString()
}

/** All that comes back until the connection ends. */
async function heardOn(socket: Socket): Promise<string> {
  let heard = ''
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString()))
  await new Promise((resolve) => socket.once('close', resolve))
  return heard
}

test('what is said passes, both ways, and the connection stays open', async () => {
  await using echo = await openEcho()
  const socket = say('hello', echo.proxy)
  expect(await nextOf(socket)).toBe('HELLO')
  socket.write('again')
  expect(await nextOf(socket)).toBe('AGAIN')
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
  expect(await heardOn(say('hello', echo.proxy))).toBe(answer)
  expect(echo.received).toEqual(received)
})

/** Holds what begins with this text; `isHeld` resolves when there is such a connection. */
function hold({ proxy }: { proxy: TcpProxy }, text: string): { isHeld: Promise<void> } {
  const { promise: isHeld, resolve } = Promise.withResolvers<void>()
  proxy.hold((opening) => {
    const holds = opening.includes(text)
    if (holds) resolve()
    return holds
  })
  return { isHeld }
}

test('what is held stays open and silent, and arrives when it is released', async () => {
  await using echo = await openEcho()
  const { isHeld } = hold(echo, 'hello')
  const held = say('hello', echo.proxy)
  const answer = nextOf(held)
  await isHeld
  expect(await nextOf(say('others', echo.proxy))).toBe('OTHERS')
  expect(echo.received).toEqual(['others'])
  expect(held.closed).toBe(false)
  echo.proxy.release()
  expect(await answer).toBe('HELLO')
})

test('what is held can end when it is released', async () => {
  await using echo = await openEcho()
  const { isHeld } = hold(echo, 'hello')
  const heard = heardOn(say('hello', echo.proxy))
  await isHeld
  echo.proxy.release(true)
  expect(await heard).toBe('')
  expect(echo.received).toEqual([])
})
