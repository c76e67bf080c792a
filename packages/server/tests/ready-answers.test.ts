import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Doors } from './_http.ts'
import { openDoors, send } from './_http.ts'
import { aProduct } from './_shop.ts'

const input = (value: unknown): string => encodeURIComponent(JSON.stringify(value))
const json = (value: unknown) => ({ json: value })

const everywhere = (id: string) => [
  '/products',
  `/products/${id}`,
  '/trpc/products.list',
  `/trpc/products.byId?input=${input(json({ id }))}`,
]

describe('a ready answer', () => {
  const LISTED = 'https://shop.example'
  let doors: Doors
  beforeAll(async () => {
    doors = await openDoors({ corsOrigins: [LISTED] })
  })
  afterAll(() => doors[Symbol.asyncDispose]())

  const get = (path: string, headers: Record<string, string> = {}) =>
    send(`${doors.url}${path}`, { headers: { 'accept-encoding': 'identity', ...headers } })

  /** Asks until the answer is a ready one: while the catalogue hears nothing of the database, none is. */
  async function getReady(path: string, headers: Record<string, string> = {}) {
    for (;;) {
      const answer = await get(path, headers)
      if (answer.headers.has('etag')) return answer
    }
  }

  test('has the tag of its bytes, and is asked after each time', async () => {
    const { id } = await doors.test.caller.products.create(aProduct())
    const { headers } = await getReady(`/products/${id}`)
    expect(headers.get('etag')).toMatch(/^W\/"[\w-]{27}"$/)
    expect(headers.get('cache-control')).toBe('no-cache')
    expect(headers.get('vary')).toBe('origin, accept-encoding')
    const rpc = await getReady('/trpc/products.list')
    expect(rpc.headers.get('vary')).toBe('trpc-accept, accept, origin, accept-encoding')
  })

  test('is not sent again to who has it, until it changes', async () => {
    const { id } = await doors.test.caller.products.create(aProduct())
    for (const path of everywhere(id)) {
      const etag = (await getReady(path)).headers.get('etag')!
      for (const has of [etag, etag.slice(2), `"other", ${etag}`, '*']) {
        const { status, text, headers } = await getReady(path, { 'if-none-match': has, 'x-request-id': 'r-1' })
        expect([status, text]).toEqual([304, ''])
        expect(headers.get('etag')).toBe(etag)
        expect(headers.get('x-request-id')).toBe('r-1')
        expect(headers.has('content-type')).toBe(false)
      }
      for (const hasNot of ['"other"', etag.toUpperCase(), etag.slice(3, -1)])
        expect((await get(path, { 'if-none-match': hasNot })).status).toBe(200)
      await doors.test.caller.orders.create({ userId: 'ada', productId: id, quantity: 1 })
      expect((await getReady(path, { 'if-none-match': etag })).status).toBe(200)
    }
  })

  test('stays what it is when another product changes', async () => {
    const { id } = await doors.test.caller.products.create(aProduct())
    const other = await doors.test.caller.products.create(aProduct())
    const etag = (await getReady(`/products/${id}`)).headers.get('etag')!
    await doors.test.caller.orders.create({ userId: 'ada', productId: other.id, quantity: 1 })
    expect((await getReady(`/products/${id}`, { 'if-none-match': etag })).status).toBe(304)
  })

  test('may be read by a page of a listed origin, and of no other', async () => {
    const { id } = await doors.test.caller.products.create(aProduct())
    for (const path of everywhere(id)) {
      await getReady(path)
      const listed = await getReady(path, { origin: LISTED })
      expect(listed.headers.get('access-control-allow-origin')).toBe(LISTED)
      expect(listed.headers.get('access-control-expose-headers')).toMatch(/x-request-id/)
      expect(listed.headers.get('x-content-type-options')).toBe('nosniff')
      for (const origin of ['https://evil.example', 'null'])
        expect((await get(path, { origin })).headers.has('access-control-allow-origin')).toBe(false)
      expect((await get(path)).headers.has('access-control-allow-origin')).toBe(false)
    }
  })

  test('is compressed where the client can read it, once that is done', async () => {
    const { id } = await doors.test.caller.products.create(aProduct({ description: 'long '.repeat(1000) }))
    const path = `/products/${id}`
    const { text, headers } = await getReady(path)
    /** Bytes as they came; `fetch` would unpack them. */
    const asked = async (accepted: string, path: string) => {
      const outgoing = request(`${doors.url}${path}`, { headers: { 'accept-encoding': accepted } }).end()
      const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
      return { headers: incoming.headers, body: await buffer(incoming) }
    }
    for (const [accepted, encoding, unpack] of [
      ['gzip, deflate', 'gzip', gunzipSync],
      ['gzip, deflate, br, zstd', 'br', brotliDecompressSync],
    ] as const) {
      await expect
        .poll(async () => (await asked(accepted, path)).headers['content-encoding'], { timeout: 10_000 })
        .toBe(encoding)
      const answer = await asked(accepted, path)
      expect(answer.body.length).toBeLessThan(text.length / 4)
      expect(answer.headers['content-length']).toBe(String(answer.body.length))
      expect(answer.headers.etag).toBe(headers.get('etag'))
      expect(String(unpack(answer.body))).toBe(text)
    }
    for (const accepted of ['', 'identity', 'deflate', 'gzip;q=0, br;q=0.0', 'x-br']) {
      const answer = await asked(accepted, path)
      expect(answer.headers['content-encoding']).toBeUndefined()
      expect(String(answer.body)).toBe(text)
    }
  })

  test('is never older than what was acknowledged before it was asked for', async () => {
    const busy = await doors.test.caller.products.create(aProduct({ quantity: 1000 }))
    const other = await doors.test.caller.products.create(aProduct({ quantity: 1000 }))
    const left: Record<string, number> = { [busy.id]: 1000, [other.id]: 1000 }
    const buy = async (productId: string) => {
      for (let n = 0; n < 30; n++) {
        await doors.test.caller.orders.create({ userId: 'ada', productId, quantity: 1 })
        left[productId]!--
      }
    }
    const over = new AbortController()
    const read = async (path: string) => {
      let reads = 0
      for (; !over.signal.aborted; reads++) {
        const before = { ...left }
        const { text } = await get(path)
        for (const [, id, quantity] of text.matchAll(/"id":"(\w+)"(?:(?!"id").)*?"quantity":(\d+)/g))
          expect(Number(quantity)).toBeLessThanOrEqual(before[id!] ?? Infinity)
      }
      return reads
    }
    const batch = `/trpc/products.byId,products.list?batch=1&input=${input({ 0: json({ id: other.id }) })}`
    const reading = Promise.all([...everywhere(busy.id), batch].map(read))
    await Promise.all([buy(busy.id), buy(busy.id), buy(other.id)])
    over.abort()
    for (const reads of await reading) expect(reads).toBeGreaterThan(1)
    expect(await get(`/products/${busy.id}`)).toMatchObject({ body: { product: { quantity: 940 } } })
  })
})
