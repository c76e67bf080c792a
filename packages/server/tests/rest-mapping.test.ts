import { initTRPC, lazy } from '@trpc/server'
import type { AnyTRPCRouter } from '@trpc/server'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { appRouter } from '@stockroom/server'
import { ShopError } from '../src/domain/errors.ts'
import { inputReader } from '../src/http/rest-input.ts'
import { operationsOf } from '../src/http/rest-operations.ts'
import type { RestRoute } from '../src/rest-route.ts'
import type { Meta } from '../src/trpc.ts'

const t = initTRPC.meta<Meta>().create()

const route = (fields: Partial<RestRoute> = {}): Meta => ({
  rest: {
    method: 'GET',
    path: '/things',
    summary: 'Things',
    answer: 'one',
    resource: 'product',
    errors: [],
    ...fields,
  },
})

const Thing = z.object({ id: z.string() })
const thing = () => ({ id: 'x' })

async function* things() {
  yield thing()
}

const query = (meta: Meta) => t.procedure.meta(meta).output(Thing)

describe('the start fails on a procedure that REST could only fail later', () => {
  const post = route({ method: 'POST' })
  const byId = route({ path: '/things/{thing_id}', params: { thing_id: 'id' } })

  const routers: [string, RegExp, () => AnyTRPCRouter][] = [
    ['GET on a mutation', /GET does not fit a mutation/, () => t.router({ a: query(route()).mutation(thing) })],
    ['POST on a query', /POST does not fit a query/, () => t.router({ a: query(post).query(thing) })],
    [
      'a subscription that is to answer once',
      /a subscription does not answer with one/,
      () => t.router({ a: t.procedure.meta(route()).subscription(things) }),
    ],
    [
      'a query that is to answer with events',
      /a query does not answer with events/,
      () => t.router({ a: query(route({ answer: 'events' })).query(thing) }),
    ],
    [
      'POST on a subscription',
      /POST does not fit a subscription/,
      () => t.router({ a: t.procedure.meta(route({ method: 'POST', answer: 'events' })).subscription(things) }),
    ],
    ['no output', /it has no output schema/, () => t.router({ a: t.procedure.meta(route()).query(thing) })],
    [
      'two inputs',
      /more than one input/,
      () =>
        t.router({
          a: query(route())
            .input(z.object({ a: z.string() }))
            .input(z.object({ b: z.string() }))
            .query(thing),
        }),
    ],
    [
      'a path parameter without a field',
      /\{thing_id\} is not a field/,
      () => t.router({ a: query(byId).query(thing) }),
    ],
    [
      'a path parameter of another field',
      /\{thing_id\} is not a field/,
      () =>
        t.router({
          a: query(byId)
            .input(z.object({ name: z.string() }))
            .query(thing),
        }),
    ],
    [
      'a path parameter that nothing names',
      /\{other\} is not a field/,
      () =>
        t.router({
          a: query(route({ path: '/things/{other}' }))
            .input(Thing)
            .query(thing),
        }),
    ],
    [
      'a parameter of the second path alone',
      /\{other\} is not a field/,
      () =>
        t.router({
          a: query(route({ alias: '/others/{other}' }))
            .input(Thing)
            .query(thing),
        }),
    ],
    [
      'a route that is taken',
      /two procedures claim GET \/things/,
      () => t.router({ a: query(route()).query(thing), b: query(route()).query(thing) }),
    ],
    [
      'a second path that is taken',
      /two procedures claim GET \/things/,
      () =>
        t.router({
          a: query(route()).query(thing),
          b: query(route({ path: '/others', alias: '/things' })).query(thing),
        }),
    ],
    ['a lazy router', /lazy routers/, () => t.router({ a: lazy(() => Promise.resolve({ default: t.router({}) })) })],
    ...(
      [
        ['a bigint', z.bigint()],
        ['a map', z.map(z.string(), z.string())],
        ['a set', z.set(z.string())],
        ['a symbol', z.symbol()],
        ['a function', z.custom(() => true)],
        ['undefined', z.undefined()],
        ['NaN', z.nan()],
      ] as const
    ).flatMap(([name, type]): [string, RegExp, () => AnyTRPCRouter][] => [
      [
        `${name} in an input`,
        /JSON cannot carry/,
        () =>
          t.router({
            a: query(route())
              .input(z.object({ a: type }))
              .query(thing),
          }),
      ],
      [
        `${name} deep in an output`,
        /JSON cannot carry/,
        () =>
          t.router({
            a: t.procedure
              .meta(route())
              .output(z.object({ a: z.array(z.object({ b: type })) }))
              .query((): never => {
                throw new Error('never called')
              }),
          }),
      ],
    ]),
  ]

  test.for(routers)('%s', ([, text, build]) => {
    expect(() => operationsOf(build())).toThrow(text)
  })

  test('and takes what fits; a procedure without a route stays with RPC', () => {
    const router = t.router({
      things: t.router({
        get: query(byId).input(Thing).query(thing),
        create: query(post)
          .input(z.object({ madeAt: z.date() }))
          .mutation(thing),
        hidden: t.procedure.query(thing),
      }),
    })
    expect(
      operationsOf(router).map(({ procedure, route: { method, path } }) => `${procedure}: ${method} ${path}`),
    ).toEqual(['things.create: POST /things', 'things.get: GET /things/{thing_id}'])
  })
})

describe('the fields that tRPC calls internal', () => {
  test('are as the mapping reads them', () => {
    const { procedures, lazy } = appRouter._def as unknown as {
      procedures: Record<string, { _def: { type: string; inputs: unknown[]; output: unknown; meta: unknown } }>
      lazy: unknown
    }
    expect(lazy).toEqual({})
    expect(Object.keys(procedures).toSorted()).toEqual([
      'orders.byId',
      'orders.cancel',
      'orders.create',
      'orders.fulfil',
      'orders.list',
      'orders.pay',
      'orders.refund',
      'orders.watch',
      'products.adjustQuantity',
      'products.byId',
      'products.create',
      'products.list',
      'products.setQuantity',
      'products.upsertMany',
      'products.watch',
    ])
    for (const [path, { _def }] of Object.entries(procedures)) {
      expect(_def.inputs).toEqual([expect.any(z.ZodType)])
      if (path.endsWith('.watch')) {
        expect(_def.type).toBe('subscription')
        continue
      }
      expect(_def.type).toBeOneOf(['query', 'mutation'])
      expect(_def.output).toBeInstanceOf(z.ZodType)
    }
    expect(procedures['orders.create']!._def.meta).toMatchObject({ rest: { method: 'POST', path: '/orders' } })
    expect(procedures['products.upsertMany']!._def.meta).toBeUndefined()
  })

  test('count a lazy router apart from its procedures', () => {
    const { _def } = t.router({
      a: lazy(() => Promise.resolve({ default: t.router({ b: t.procedure.query(thing) }) })),
    })
    expect(_def.procedures).toEqual({})
    expect(Object.keys((_def as unknown as { lazy: object }).lazy)).toEqual(['a'])
  })
})

describe('a query', () => {
  const input = z.strictObject({
    id: z.string(),
    limit: z.int().optional(),
    minPrice: z.number().optional(),
    inStock: z.boolean().optional(),
    tags: z.array(z.string()).optional(),
    colors: z.array(z.string()).optional(),
    name: z.string().optional(),
  })
  const meta = route({ path: '/things/{thing_id}', params: { thing_id: 'id', color: 'colors' } })
  const [operation] = operationsOf(t.router({ a: t.procedure.meta(meta).input(input).output(Thing).query(thing) }))
  const read = (query: string) =>
    inputReader(operation!).read({
      params: { thing_id: 'x' },
      query: new URLSearchParams(query),
      headers: {},
      body: undefined,
    })

  test.for<[string, object]>([
    ['limit=10', { limit: 10 }],
    ['limit=-1', { limit: -1 }],
    ['limit=10.0', { limit: 10 }],
    ['limit=1e2', { limit: '1e2' }],
    ['limit=01', { limit: '01' }],
    ['limit=+1', { limit: ' 1' }],
    ['limit=', { limit: '' }],
    ['limit=1&limit=2', { limit: ['1', '2'] }],
    ['min_price=4.7e-182', { minPrice: 4.7e-182 }],
    ['min_price=-0.5', { minPrice: -0.5 }],
    ['min_price=.5', { minPrice: '.5' }],
    ['min_price=Infinity', { minPrice: 'Infinity' }],
    ['in_stock=true', { inStock: true }],
    ['in_stock=false', { inStock: false }],
    ['in_stock=no', { inStock: 'no' }],
    ['in_stock=1', { inStock: '1' }],
    ['in_stock=', { inStock: '' }],
    ['tags=a', { tags: ['a'] }],
    ['tags=a&tags=b', { tags: ['a', 'b'] }],
    ['color=red&color=blue', { colors: ['red', 'blue'] }],
    ['name=5', { name: '5' }],
    ['name=true', { name: 'true' }],
    ['name=%7B%7D', { name: '{}' }],
  ])('%s is read by the type of its field, and stays text where it does not look like it', ([query, expected]) => {
    expect(read(query)).toEqual({ id: 'x', ...expected })
  })

  test.for(['id=y', 'thing_id=y', 'inStock=true', 'minPrice=1', '__proto__=1', 'tags[]=a', 'colors=a', 'name[$ne]=1'])(
    '%s is no parameter',
    (query) => {
      const [name] = query.split('=')
      expect(() => read(query)).toThrow(ShopError)
      expect(() => read(query)).toThrow(
        expect.objectContaining({
          details: { issues: [{ loc: ['query', name], msg: 'is not a parameter of this request' }] },
        }),
      )
    },
  )
})
