import type { AnyTRPCProcedure } from '@trpc/server'
import fc from 'fast-check'
import { serialize } from 'superjson'
import { appRouter } from '@stockroom/server'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Parts } from '../src/http/pieces.ts'
import { listPieces, together } from '../src/http/pieces.ts'
import { readyBytes } from '../src/http/ready-bytes.ts'
import { readyProcedures } from '../src/http/ready-procedures.ts'
import { superjsonParts } from '../src/http/superjson-parts.ts'
import { procedure, router } from '../src/trpc.ts'
import { listen } from './_wire.ts'

/** Ready bytes of a door with one list, whose stamp and answers are what the test says. */
async function openReady() {
  const shown = {
    stamp: 1 as number | undefined,
    items: [{ id: 1 }, { id: 2 }] as object[],
    error: undefined as unknown,
  }
  const told = { runs: 0, texts: 0, others: 0 }
  const run = async () => {
    told.runs++
    if (shown.error) throw shown.error
    return [{ items: [...shown.items], nextCursor: null }]
  }
  const partsOf = ([page]: readonly unknown[]) => {
    told.texts++
    return [JSON.stringify(page)]
  }
  const ready = readyBytes({
    doors: [({ url }) => (url === '/list' ? { run, partsOf, contentType: 'application/json', vary: [] } : undefined)],
    stamp: () => shown.stamp,
    head: ['x-shop', 'ours'],
  })
  const server = await listen((request, response) => {
    request.headers['x-request-id'] ??= 'r'
    ready(request, response, () => {
      told.others++
      response.end('the door')
    })
  })
  const get = async (path = '/list') => (await server.send({ path })).body
  return { shown, told, get, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

describe('ready bytes', () => {
  test('are made once for a stamp', async () => {
    await using ready = await openReady()
    for (let n = 0; n < 3; n++) expect(await ready.get()).toBe('{"items":[{"id":1},{"id":2}],"nextCursor":null}')
    expect(ready.told).toEqual({ runs: 1, texts: 1, others: 0 })
  })

  test('are asked for anew when the stamp has risen, and made anew where the answer holds another object', async () => {
    await using ready = await openReady()
    await ready.get()
    ready.shown.stamp = 2
    await ready.get()
    expect(ready.told).toEqual({ runs: 2, texts: 1, others: 0 })
    ready.shown.stamp = 3
    ready.shown.items[1] = { id: 3 }
    expect(await ready.get()).toBe('{"items":[{"id":1},{"id":3}],"nextCursor":null}')
    ready.shown.stamp = 4
    ready.shown.items.pop()
    expect(await ready.get()).toBe('{"items":[{"id":1}],"nextCursor":null}')
    expect(ready.told).toEqual({ runs: 4, texts: 3, others: 0 })
  })

  test('are not good for a stamp that rose while they were made', async () => {
    await using ready = await openReady()
    const { shown } = ready
    const { items } = shown
    Object.defineProperty(shown, 'items', {
      get() {
        shown.stamp!++
        return items
      },
    })
    await ready.get()
    await ready.get()
    expect(ready.told.runs).toBe(2)
  })

  test('are left alone while there is no stamp, and good again after it', async () => {
    await using ready = await openReady()
    await ready.get()
    ready.shown.stamp = undefined
    expect(await ready.get()).toBe('the door')
    ready.shown.stamp = 1
    expect(await ready.get()).toMatch(/^{"items"/)
    expect(ready.told).toEqual({ runs: 1, texts: 1, others: 1 })
  })

  test('leave errors and other addresses to the door', async () => {
    await using ready = await openReady()
    expect(await ready.get('/other')).toBe('the door')
    ready.shown.error = new Error('not found')
    expect(await ready.get()).toBe('the door')
    ready.shown.error = undefined
    expect(await ready.get()).toMatch(/^{"items"/)
  })

  test('are kept for the addresses that were asked for last, within bounds', async () => {
    let runs = 0
    const ready = readyBytes({
      doors: [
        ({ url }) => ({
          run: async () => [++runs, url],
          partsOf: () => ['x'.repeat(1024 * 1024)],
          contentType: 'text/plain',
          vary: [],
        }),
      ],
      stamp: () => 1,
      head: [],
    })
    await using server = await listen((request, response) => ready(request, response, () => response.end()))
    const paths = Array.from({ length: 40 }, (_, n) => `/${n}`)
    for (const path of paths) await server.send({ path, method: 'HEAD' })
    expect(runs).toBe(40)
    await server.send({ path: '/39', method: 'HEAD' })
    expect(runs).toBe(40)
    await server.send({ path: '/0', method: 'HEAD' })
    expect(runs).toBe(41)
  })
})

const fault = (name: string, procedure: AnyTRPCProcedure) => () => readyProcedures(router({ [name]: procedure }))
const answer = () => ({ id: 'a' })

describe('a procedure that says it is ready', () => {
  const ready = procedure.meta({ ready: true })

  test('is a query with an output, and nothing in its chain that ready bytes would skip', () => {
    const output = z.object({ id: z.string() })
    expect(fault('good', ready.input(z.object({})).output(output).query(answer))).not.toThrow()
    expect(fault('writes', ready.output(output).mutation(answer))).toThrow('writes cannot be ready: it is a mutation')
    expect(fault('untyped', ready.query(answer))).toThrow('it has no output schema')
    const checked = ready.use(({ next }) => next()).output(output)
    expect(fault('checked', checked.query(answer))).toThrow('more than input, output')
  })

  test('is one of those whose answers the stamp of products covers', () => {
    expect([...readyProcedures(appRouter).keys()]).toEqual(['products.list', 'products.byId'])
  })
})

test('the text of a page is what superjson makes of it, whatever its products are', () => {
  const resource = fc.record({
    id: fc.string(),
    'a.b\\c': fc.date({ noInvalidDate: true }),
    at: fc.date({ noInvalidDate: true }),
    n: fc.integer(),
  })
  const partsOf = superjsonParts((resource) => resource)
  const textOf = (output: unknown) => String(together(partsOf(output)).bytes)
  fc.assert(
    fc.property(fc.array(resource), fc.option(fc.string()), (items, nextCursor) => {
      const page = { items, nextCursor }
      expect(textOf(page)).toBe(JSON.stringify(serialize(page)))
      for (const item of items) expect(textOf(item)).toBe(JSON.stringify(serialize(item)))
    }),
  )
})

const items = (count: number) => Array.from({ length: count }, (_, n) => ({ n }))
const asText = (parts: Parts) => String(together(parts).bytes)
const tagOf = (list: object[]) => together(listPieces((item) => JSON.stringify(item))(list)).tag

describe('the pieces of a list', () => {
  test('are its texts with commas between them, without those that are empty', () => {
    const piecesOf = listPieces((item, index) => (index % 3 === 0 ? '' : JSON.stringify({ ...item, index })))
    fc.assert(
      fc.property(fc.nat(200), (count) => {
        const texts = items(count).map((item, index) => ({ ...item, index }))
        const expected = JSON.stringify(texts.filter(({ index }) => index % 3 !== 0))
        expect(`[${asText(piecesOf(items(count)))}]`).toBe(expected)
      }),
    )
  })

  test('are written anew only around what has changed', () => {
    let asked = 0
    const piecesOf = listPieces((item) => {
      asked++
      return JSON.stringify(item)
    })
    const list = items(1000)
    const all = together(piecesOf(list))
    expect(together(piecesOf([...list]))).toEqual(all)
    expect(asked).toBe(1000)
    for (const n of [0, 500, 501, 999]) list[n] = { n: -1 }
    expect(`[${asText(piecesOf(list))}]`).toBe(JSON.stringify(list))
    expect(asked).toBeLessThan(1200)
  })

  test('are others for the same items in another place', () => {
    const piecesOf = listPieces((item, index) => JSON.stringify(index))
    const list = items(100)
    piecesOf(list)
    list.unshift(...items(25))
    expect(`[${asText(piecesOf(list))}]`).toBe(JSON.stringify([...list.keys()]))
  })

  test('have the tag of what they say, whoever made them', () => {
    expect(tagOf(items(60))).toBe(tagOf(items(60)))
    expect(new Set([0, 1, 59, 60, 61].map((count) => tagOf(items(count)))).size).toBe(5)
    expect(tagOf([...items(60).slice(1), { n: 0 }])).not.toBe(tagOf(items(60)))
  })
})
