import * as fc from 'fast-check'
import { parse, serialize } from 'superjson'
import { describe, expect, test } from 'vitest'
import { transformer } from '../src/transformer.ts'

/** What comes out as JSON, or the error instead. */
function told(result: () => unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(result()))
  } catch (error) {
    return String(error)
  }
}

function expectTheSame(value: unknown): void {
  expect(told(() => transformer.serialize(value))).toEqual(told(() => serialize(value)))
}

const everything = { withDate: true, withMap: true, withSet: true, withBigInt: true, withNullPrototype: true } as const

describe('the transformer says what superjson says', () => {
  test.each([
    ['an order', { id: 'a', lines: [{ unitPrice: { amount: 1, currency: 'EUR' } }], createdAt: new Date(0) }],
    ['a date alone', new Date(0)],
    ['no value', undefined],
    ['a field without value', { at: new Date(0), reason: undefined }],
    ['a date that is none', { at: new Date(Number.NaN) }],
    ['-0', [-0]],
    ['keys with dots and backslashes', { 'a.b': [new Date(0)], 'c\\d': { '.': new Date(1) } }],
    ['a dangerous key', JSON.parse('{"constructor":1}')],
    ['an own __proto__', JSON.parse('{"__proto__":{"at":1}}')],
    ['an object of a class', { at: new URLSearchParams('a=1'), url: new URL('http://localhost') }],
    ['an array with a gap', Object.assign([], { 2: new Date(0) })],
  ])('of %s', (_, value) => {
    expectTheSame(value)
  })

  test('of an object and a date that stand in several places', () => {
    const at = new Date(0)
    const other = new Date(1)
    const line = { at, total: { amount: 1 } }
    for (const value of [
      { lines: [line, line], total: line.total },
      { history: [{ at, other }], createdAt: at, other: [other, at] },
      [at, [[at], at]],
      { a: { at }, b: [{ at }] },
    ]) {
      expectTheSame(value)
    }
  })

  test('of a circle', () => {
    const circle: { self?: unknown } = {}
    circle.self = circle
    expectTheSame(circle)
  })

  test('of anything', () => {
    fc.assert(fc.property(fc.anything(everything), expectTheSame), { numRuns: 1000 })
  })

  test('of anything made of text, numbers and dates, some of them shared', () => {
    const dates = [new Date(0), new Date(1e12), new Date(Date.UTC(2026, 0))]
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(...dates),
        fc.oneof(fc.string(), fc.integer(), fc.double(), fc.boolean(), fc.constant(null)),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(fc.string({ maxLength: 3 }), tie('tree'), { maxKeys: 4 }),
      ),
    }))
    fc.assert(
      fc.property(tree, (value) => {
        expectTheSame(value)
        const wire = JSON.stringify(transformer.serialize(value))
        expect(parse(wire)).toEqual(value)
      }),
      { numRuns: 1000 },
    )
  })
})
