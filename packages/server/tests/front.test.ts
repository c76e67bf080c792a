import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import express from 'express'
import type { Answered } from '@stockroom/server/http'
import { createFront } from '@stockroom/server/http'
import { document } from './_document.ts'
import type { Doors } from './_http.ts'
import { openDoors, rawRequest, send, sendRaw, statusOf } from './_http.ts'
import { aProduct, testShop } from './_shop.ts'

const LISTED = 'https://shop.example'
const UNLISTED = 'https://evil.example'

let doors: Doors
beforeAll(async () => {
  doors = await openDoors({ corsOrigins: [LISTED, 'http://localhost:5173'] })
})
afterAll(() => doors[Symbol.asyncDispose]())

/** One request to each door and each way of ending. */
const everywhere: [string, string, RequestInit][] = [
  ['REST, found', '/orders', {}],
  ['REST, not found', '/products/nope', {}],
  ['REST, no such path', '/nope', {}],
  ['REST, not allowed', '/orders', { method: 'DELETE' }],
  ['REST, refused', '/orders', { method: 'POST', body: 'text' }],
  ['RPC, found', '/trpc/orders.list', {}],
  ['RPC, not found', '/trpc/nope', {}],
  ['RPC, refused', '/trpc/orders.create', { method: 'POST', body: 'text' }],
  ['RPC, broken', '/trpc/%ZZ', {}],
  ['REST, events', '/products/events', {}],
  ['RPC, events', '/trpc/products.watch', {}],
  ['livez', '/livez', {}],
  ['readyz', '/readyz', {}],
  ['the home page', '/', {}],
  ['the docs', '/docs', {}],
  ['a part of the docs', '/docs/swagger-ui.css', {}],
  ['the document', '/openapi.json', {}],
]

describe.for(everywhere)('%s', ([, path, init]) => {
  const ask = (headers: Record<string, string> = {}) => fetch(`${doors.url}${path}`, { ...init, headers })

  test('has an id of its own for each request', async () => {
    const ids = [(await ask()).headers.get('x-request-id'), (await ask()).headers.get('x-request-id')]
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/)
    expect(ids[1]).toMatch(/^[0-9a-f-]{36}$/)
    expect(ids[0]).not.toBe(ids[1])
  })

  test('takes over an id that is a plain token, and no other', async () => {
    for (const id of ['a', 'job-17_B', 'x'.repeat(64)])
      expect((await ask({ 'x-request-id': id })).headers.get('x-request-id')).toBe(id)
    for (const id of ['x'.repeat(65), 'a b', 'a,b', '<script>', 'a;b', 'é', ''])
      expect((await ask({ 'x-request-id': id })).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('has the security headers, and does not say what it is made of', async () => {
    const { headers } = await ask()
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('x-frame-options')).toBe('SAMEORIGIN')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('content-security-policy')).toContain("default-src 'self'")
    expect(headers.get('content-security-policy')).not.toContain('upgrade-insecure-requests')
    expect(headers.has('x-powered-by')).toBe(false)
    expect(headers.has('server')).toBe(false)
  })

  test('may be read by a page of a listed origin, and of no other', async () => {
    const listed = await ask({ origin: LISTED })
    expect(listed.headers.get('access-control-allow-origin')).toBe(LISTED)
    expect(listed.headers.get('vary')).toMatch(/\borigin\b/i)
    // Or a cache would give the page what it kept for somebody else.
    expect((await ask()).headers.get('vary')).toMatch(/\borigin\b/i)
    expect(listed.headers.get('access-control-expose-headers')).toMatch(/x-request-id.*etag/)
    expect(listed.headers.has('access-control-allow-credentials')).toBe(false)
    for (const origin of [
      UNLISTED,
      `${LISTED}.evil.example`,
      'https://shop.example:444',
      'http://shop.example',
      'null',
    ])
      expect((await ask({ origin })).headers.has('access-control-allow-origin')).toBe(false)
  })
})

test('an id sent twice is replaced', async () => {
  const raw = await sendRaw(doors.url, rawRequest('GET /livez', { 'x-request-id': 'a', 'X-Request-Id': 'b' }))
  expect(raw).toMatch(/x-request-id: [0-9a-f-]{36}\r\n/i)
})

const preflight = (url: string, origin: string) =>
  fetch(url, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'PUT', 'access-control-request-headers': 'content-type' },
  })

describe('preflight', () => {
  test.for(['/products/x', '/orders', '/trpc/orders.create'])('%s lets a listed origin send JSON', async (path) => {
    const { status, headers } = await preflight(`${doors.url}${path}`, LISTED)
    expect(status).toBe(204)
    expect(headers.get('access-control-allow-origin')).toBe(LISTED)
    expect(headers.get('access-control-allow-methods')).toMatch(/\bPUT\b.*\bPOST\b/)
    expect(headers.get('access-control-allow-headers')).toContain('content-type')
    expect(headers.get('access-control-max-age')).toBe('600')
  })

  test.for(['/orders', '/trpc/orders.create'])('%s lets no other origin', async (path) => {
    const { headers } = await preflight(`${doors.url}${path}`, UNLISTED)
    expect(headers.has('access-control-allow-origin')).toBe(false)
  })

  test('without a list no origin is let in', async () => {
    await using doors = await openDoors()
    for (const path of ['/orders', '/trpc/orders.list']) {
      expect((await preflight(`${doors.url}${path}`, LISTED)).headers.has('access-control-allow-origin')).toBe(false)
      const simple = await fetch(`${doors.url}${path}`, { headers: { origin: LISTED } })
      expect(simple.headers.has('access-control-allow-origin')).toBe(false)
    }
  })
})

describe('health', () => {
  test('livez and readyz say that all is well, and are never cached', async () => {
    for (const path of ['/livez', '/readyz', '/readyz?verbose=1']) {
      const { status, headers, body } = await send(`${doors.url}${path}`)
      expect({ status, body }).toEqual({ status: 200, body: { status: 'ok' } })
      expect(headers.get('cache-control')).toBe('no-store')
    }
  })

  test('readyz is 503 once the shop is closed; livez stays 200', async () => {
    await using doors = await openDoors()
    await doors.test.shop[Symbol.asyncDispose]()
    expect(await send(`${doors.url}/readyz`)).toMatchObject({ status: 503, body: { status: 'unavailable' } })
    expect((await send(`${doors.url}/livez`)).status).toBe(200)
  })
})

describe('stopping', () => {
  test('readyz is 503 while requests are still served; then no connection is taken', async () => {
    await using doors = await openDoors({ drainMs: 1000 })
    const stopping = doors.close()
    const ready = await send(`${doors.url}/readyz`)
    expect(ready).toMatchObject({ status: 503, body: { status: 'unavailable' } })
    expect(ready.headers.get('connection')).toBe('close')
    expect((await send(`${doors.url}/livez`)).status).toBe(200)
    expect((await send(`${doors.url}/orders`)).status).toBe(200)
    await stopping
    await expect(fetch(`${doors.url}/livez`)).rejects.toThrow('fetch failed')
  })

  test.for([
    ['/orders', (productId: string) => ({ user_id: 'ada', product_id: productId, quantity: 1 })],
    ['/trpc/orders.create', (productId: string) => ({ json: { userId: 'ada', productId, quantity: 1 } })],
  ] as const)(
    'an order to %s that is in flight is placed and answered before the stop is over',
    async ([path, input]) => {
      await using doors = await openDoors()
      const { id } = await doors.test.caller.products.create(aProduct({ quantity: 1 }))
      const body = JSON.stringify(input(id))
      const socket = connect(Number(new URL(doors.url).port), '127.0.0.1').setEncoding('latin1')
      const headers = {
        'content-type': 'application/json',
        'content-length': String(body.length),
        expect: '100-continue',
      }
      socket.write(rawRequest(`POST ${path}`, { ...headers, connection: 'keep-alive' }))
      // "100 Continue" says that the request has arrived.
      await once(socket, 'data')
      let stopped = false
      const stopping = doors.close().then(() => (stopped = true))
      await expect
        .poll(
          () =>
            fetch(`${doors.url}/livez`).then(
              () => 'open',
              () => 'closed',
            ),
          { timeout: 5000 },
        )
        .toBe('closed')
      expect(stopped).toBe(false)
      let received = ''
      socket.on('data', (chunk: string) => (received += chunk))
      socket.write(body)
      await Promise.all([once(socket, 'close'), stopping])
      expect(statusOf(received)).toBe(path === '/orders' ? 201 : 200)
      expect(received).toMatch(/\r\nconnection: close\r\n/i)
      expect(await doors.test.caller.products.byId({ id })).toMatchObject({ quantity: 0 })
    },
  )
})

describe('whoever counts requests', () => {
  const answered: Answered[] = []
  let doors: Doors
  beforeAll(async () => {
    doors = await openDoors({ onAnswer: (each) => void answered.push(each) })
  })
  afterAll(() => doors[Symbol.asyncDispose]())

  const toldOf = async (count = 1) => {
    await expect.poll(() => answered.length).toBe(count)
    return answered.splice(0).map(({ method, route, status, seconds, requestId }) => {
      expect(requestId).toMatch(/^[\w-]{36}$/)
      expect(seconds).toBeGreaterThan(0)
      expect(seconds).toBeLessThan(60)
      return `${method} ${route} ${status}`
    })
  }

  test.for([
    ['GET', '/orders?limit=1', '/orders', 200],
    ['GET', '/orders/nothing', '/orders/{order_id}', 404],
    ['HEAD', '/orders', '/orders', 200],
    ['PUT', '/products/nothing/quantity?quantity=1', '/products/{product_id}', 404],
    ['DELETE', '/orders', 'other', 405],
    ['GET', '/nope', 'other', 404],
    ['GET', '/trpc/orders.list?x=1', '/trpc/orders.list', 200],
    ['GET', '/trpc/orders.list,orders.list?batch=1', '/trpc/batch', 200],
    ['TRACE', '/trpc/orders.list', '/trpc/orders.list', 415],
    ['GET', '/trpc/nope', 'other', 404],
    ['GET', '/x/trpc/orders.list', 'other', 404],
    ['GET', '/trpc/orders.list/trpc/x', 'other', 404],
    ['GET', '/trpc/constructor', 'other', 404],
    ['GET', '/livez', '/livez', 200],
    ['GET', '/docs', '/docs', 200],
    ['OPTIONS', '/orders', 'other', 405],
  ] as const)('is told of %s %s', async ([method, path, route, status]) => {
    await sendRaw(doors.url, rawRequest(`${method} ${path}`))
    expect(await toldOf()).toEqual([`${method} ${route} ${status}`])
  })

  test('is told of what was kept ready as of what was not', async () => {
    const { id } = await doors.test.caller.products.create(aProduct())
    for (let n = 0; n < 3; n++) await send(`${doors.url}/products/${id}`)
    expect(await toldOf(3)).toEqual(Array(3).fill('GET /products/{product_id} 200'))
  })

  test('is told of clients that went away', async () => {
    const socket = connect(Number(new URL(doors.url).port), '127.0.0.1')
    const headers = { 'content-type': 'application/json', 'content-length': '10', expect: '100-continue' }
    socket.write(rawRequest('POST /orders', headers))
    // "100 Continue" says that the request has arrived.
    await once(socket, 'data')
    socket.destroy()
    expect(await toldOf()).toEqual(['POST /orders 499'])
  })
})

test.for(['/livez', '/products', '/nope'])('a body that nobody at %s reads is not waited for', async (path) => {
  const head = rawRequest(`POST ${path}`, { connection: 'keep-alive', 'content-length': String(9 * 1024 * 1024) })
  expect(await sendRaw(doors.url, [head, 'x'.repeat(1000)])).toMatch(/\r\nconnection: close\r\n/i)
})

/** Every address that a page names, of whatever kind. */
const addressesIn = (html: string) => [...html.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, address]) => address!)

describe('pages', () => {
  test('the home page links to what there is', async () => {
    const { status, headers, text } = await send(`${doors.url}/`)
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
    const links = addressesIn(text)
    expect(links).toEqual(['/products', '/orders', '/docs', '/openapi.json', '/livez', '/readyz'])
    await doors.test.caller.products.create(aProduct())
    for (const link of links) expect((await fetch(`${doors.url}${link}`)).status, link).toBe(200)
  })

  test('the calls on the home page are of the shop that shows it', async () => {
    expect((await send(`${doors.url}/`)).text).toContain(`curl '${doors.url}/products?limit=1'`)
    const hostile = await sendRaw(doors.url, rawRequest('GET /', { host: '<script>alert(1)</script>' }))
    expect(hostile).toContain(`curl 'http://localhost:8000/products?limit=1'`)
    expect(hostile).not.toContain('alert')
  })

  test('the docs and all they load come from here', async () => {
    const { status, headers, text } = await send(`${doors.url}/docs`)
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(text).not.toMatch(/(?:https?:)?\/\/[a-z]/i)
    const parts = addressesIn(text)
    expect(parts).toHaveLength(4)
    for (const part of parts) {
      expect(part).toMatch(/^\/docs\/[\w.-]+$/)
      const answer = await fetch(`${doors.url}${part}`)
      expect(answer.status, part).toBe(200)
      const type = { css: 'text/css', js: 'text/javascript', png: 'image/png' }[part.split('.').at(-1)!]
      expect(answer.headers.get('content-type')).toContain(type)
      await answer.bytes()
    }
    const start = await send(`${doors.url}/docs/start.js`)
    expect(start.text).toContain("url: '/openapi.json'")
    expect(start.text).toContain('validatorUrl: null')
  })

  test.for([
    '/docs/package.json',
    '/docs/..%2fpackage.json',
    '/docs/%2e%2e%2fpackage.json',
    '/docs/index.html',
    '/docs/absolute-path.js',
  ])('%s is not served: the docs are four files', async (path) =>
    expect((await send(`${doors.url}${path}`)).status).toBe(404),
  )

  test('the document is served as it is built', async () => {
    const { status, headers, body } = await send(`${doors.url}/openapi.json`)
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(body).toEqual(document)
  })
})

test('a front that is mounted behind a body parser says so, and does not wait for a body that was read', async () => {
  await using shop = await testShop()
  const app = express().use(express.json(), createFront({ shop: shop.shop }))
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  for (const path of ['/products', '/trpc/products.create']) {
    const { status, text } = await send(`${url}${path}`, { method: 'POST', json: aProduct() })
    // As Express tells of what a handler throws, outside production.
    expect([status, text]).toEqual([500, expect.stringContaining('mount the shop before any body parser')])
  }
  server.close()
})
