import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { ObjectId, Timestamp } from 'mongodb'
import { describe, expect, test } from 'vitest'
import type { StoredChange } from '../src/collections/product-changes.ts'
import type { ProductSnapshot } from '../src/collections/product-reads.ts'
import type { ProductDocument } from '../src/collections/products.ts'
import { openProductMemory } from '../src/domain/product-memory.ts'

const FIRST_ALL = 1001
const at = (seconds: number) => new Timestamp({ t: seconds, i: 1 })
const idOf = (index: number) => index.toString(16).padStart(24, '0')
const epoch = new Date(0)

function aDocument(index: number, revision: number): ProductDocument {
  return {
    _id: new ObjectId(idOf(index)),
    sku: `SKU-${index}`,
    name: 'Mug',
    price: { amount: 1000, currency: 'EUR' },
    quantity: 100,
    version: 1,
    revision,
    createdAt: epoch,
    updatedAt: epoch,
  }
}

type Edit = (document: ProductDocument) => Partial<ProductDocument>
const rise: Edit = ({ revision }) => ({ revision: revision + 1 })

/** A collection with its whole past: what it was at each moment, and the stream of its changes. */
function openPast(fillers: number) {
  let now = 1
  const moments = new Map([[now, new Map(Array.from({ length: fillers }, (_, n) => [idOf(n), aDocument(n, 1)]))]])
  const changes: StoredChange[] = []
  /** Each state that a product was ever in, undefined where there was none. */
  const states = new Map<string, (ProductDocument | undefined)[]>()
  const statesOf = (id: string) => states.get(id) ?? [undefined]
  const current = () => moments.get(now)!

  /** One commit of any number of products. */
  function commit(written: readonly [id: string, after: ProductDocument | undefined, Partial<StoredChange>][]) {
    const after = new Map(current())
    now++
    for (const [id, document, change] of written) {
      if (document) after.set(id, document)
      else after.delete(id)
      states.set(id, [...statesOf(id), document])
      changes.push({ id, at: at(now), ...change } as StoredChange)
    }
    moments.set(now, after)
  }

  return {
    changes,
    statesOf,
    now: () => now,
    get: (id: string) => current().get(id),
    all: () => [...current()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, document]) => document),
    read(moment: number, id?: string): ProductSnapshot {
      const found = [...moments.get(moment)!].toSorted(([a], [b]) => (a < b ? -1 : 1))
      const wanted = id === undefined ? found.slice(0, FIRST_ALL) : found.filter(([each]) => each === id)
      return { at: at(moment), documents: wanted.map(([, document]) => structuredCloneOf(document)) }
    },
    /** As the shop's own writes and those of `updateOne` are seen: only the fields that changed. */
    update(ids: readonly string[], ...edits: Edit[]) {
      const found = ids.flatMap((id) => current().get(id) ?? [])
      commit(
        found.map((document) => {
          const updated = Object.assign({}, ...edits.map((edit) => edit(document)))
          const fields = Object.entries(updated)
          const removed = fields.flatMap(([field, value]) => (value === undefined ? [field] : []))
          const kept = Object.fromEntries(fields.filter(([, value]) => value !== undefined))
          const after: ProductDocument = { ...document, ...kept }
          for (const field of removed) delete after[field as 'description']
          return [document._id.toHexString(), after, { kind: 'fields', updated: kept, removed }]
        }),
      )
      return found.map(({ _id }) => _id.toHexString())
    },
    put(id: string, document: ProductDocument) {
      commit([[id, document, { kind: 'whole', document }]])
    },
    delete(id: string) {
      if (current().has(id)) commit([[id, undefined, { kind: 'gone' }]])
    },
  }
}

/** What arrives from the database is never the object that was sent there. */
function structuredCloneOf(document: ProductDocument): ProductDocument {
  return { ...document, price: { ...document.price } }
}

const PRODUCTS = 4
const index = fc.nat(PRODUCTS - 1)
/** Products that this process writes, and one that it does not: somebody puts and deletes that by hand. */
const written = fc.nat(PRODUCTS - 2)
const HANDLED = PRODUCTS - 1

const kinds = {
  sell: { weight: 6, of: { indexes: fc.uniqueArray(written, { minLength: 1 }), own: fc.boolean() } },
  create: { weight: 3, of: { index, own: fc.boolean() } },
  rename: { weight: 2, of: { index, name: fc.constantFrom('Cup', 'Bowl', undefined) } },
  reprice: { weight: 2, of: { index, amount: fc.nat(3) } },
  replace: { weight: 1, of: { revision: fc.integer({ min: 1, max: 3 }) } },
  delete: { weight: 1, of: { index } },
  acknowledge: { weight: 4, of: {} },
  see: { weight: 6, of: { count: fc.integer({ min: 1, max: 4 }) } },
  readFirst: { weight: 2, of: { behind: fc.nat(3) } },
  readOne: { weight: 3, of: { index, behind: fc.nat(3) } },
  answer: { weight: 5, of: { which: fc.nat(3) } },
  forget: { weight: 1, of: {} },
  startAnew: { weight: 1, of: {} },
}
type Kinds = typeof kinds
type Step = {
  [Kind in keyof Kinds]: { kind: Kind } & {
    [Field in keyof Kinds[Kind]['of']]: Kinds[Kind]['of'][Field] extends fc.Arbitrary<infer T> ? T : never
  }
}[keyof Kinds]

const step = fc.oneof(
  ...Object.entries(kinds).map(([kind, { weight, of }]) => ({
    weight,
    arbitrary: fc.record({ kind: fc.constant(kind), ...of }),
  })),
) as fc.Arbitrary<Step>

interface Query {
  readonly id: string | undefined
  readonly snapshot: ProductSnapshot
  mayBeOld: boolean
  /** Between two streams, nothing is known that would tell that it lags. */
  readonly lags: boolean
  /** The state that the product was last shown in when it was asked for. */
  readonly from: number
}

/** `fillers` products come before those of the steps: with 1,001 of them, these are not among the first. */
function run(steps: readonly Step[], fillers: number): void {
  const past = openPast(fillers)
  const memory = openProductMemory({ bytes: 1e6, onChange: () => {} })
  const id = (index: number) => idOf(FIRST_ALL + index)
  const ids = Array.from({ length: PRODUCTS }, (_, index) => id(index))
  const unacknowledged: { id: string; document: ProductDocument; state: number }[] = []
  const queries: Query[] = []
  /** The state that each product was last shown in. */
  const shown = new Map(ids.map((id) => [id, 0]))
  let seen = 0

  /** Between the end of one stream and the begin of the next: the first products as they are then read. */
  let reading: ProductSnapshot | undefined

  function forget(): void {
    // No acknowledgement is under way for as long as that takes.
    while (unacknowledged.length > 0) acknowledge()
    // A list that was asked for before is waited for.
    const asked = queries.findIndex(({ id }) => id === undefined)
    if (asked !== -1) for (const query of queries.splice(asked, 1)) answer(query)
    memory.forget()
    reading = past.read(past.now())
  }

  function startAnew(): void {
    if (!reading) forget()
    const { at } = reading!
    memory.takeFirst(reading!)
    memory.startFrom(at, 'dropped')
    seen = past.changes.findIndex((change) => change.at.greaterThanOrEqual(at))
    if (seen === -1) seen = past.changes.length
    reading = undefined
  }

  /** A product is in a state that it was in, and never again in an earlier one. One that is gone may come back for as long as the stream has not come to its end. */
  function check(id: string, document: ProductDocument | undefined, from = shown.get(id)!): void {
    const state = past.statesOf(id).findIndex((each, index) => index >= from && isDeepStrictEqual(each, document))
    expect(state, `${id} is ${JSON.stringify(document)}`).not.toBe(-1)
    if (document) raise(id, state)
  }

  function raise(id: string, state: number): void {
    shown.set(id, Math.max(state, shown.get(id)!))
  }

  function note(ids: readonly string[], own: boolean): void {
    if (!own) return
    for (const id of ids) {
      unacknowledged.push({ id, document: { ...past.get(id)! }, state: past.statesOf(id).length - 1 })
    }
  }

  function acknowledge(): void {
    const write = unacknowledged.shift()
    if (!write) return
    memory.write(write.document)
    for (const query of queries) query.mayBeOld ||= query.id === write.id
    if (past.get(write.id)) raise(write.id, write.state)
  }

  function answer({ id, snapshot, mayBeOld, from }: Query): void {
    const stateThen = (id: string) =>
      past.changes.filter((change) => change.id === id && change.at.lte(snapshot.at)).length
    if (id === undefined) {
      memory.takeFirst(snapshot)
      // What is not among the first is not shown by them.
      if (fillers === 0) for (const id of ids) if (past.get(id)) raise(id, stateThen(id))
    } else {
      const document = memory.takeOne(id, { document: snapshot.documents[0], at: snapshot.at }, mayBeOld)
      // What reads say of one that was deleted is not in order until the stream has come to its end.
      if (document && past.get(id)) check(id, document, Math.max(from, stateThen(id)))
    }
  }

  function take(step: Step): void {
    // Reads of a primary that was just elected may lag. That is seen where all products are in memory, and none is gone.
    const mayLag = fillers === 0 && !('index' in step && step.index === HANDLED)
    const moment = 'behind' in step ? Math.max(1, past.now() - (mayLag ? step.behind : 0)) : 0
    const lags = moment < past.now()
    switch (step.kind) {
      case 'sell':
        return note(
          past.update(step.indexes.map(id), rise, ({ quantity }) => ({ quantity: quantity - 1 })),
          step.own,
        )
      case 'create':
        // By hand alone something is put under an id that was used before.
        if (past.get(id(step.index)) || (step.index !== HANDLED && past.statesOf(id(step.index)).length > 1)) return
        past.put(id(step.index), aDocument(FIRST_ALL + step.index, 1))
        return note([id(step.index)], step.own && step.index !== HANDLED)
      case 'rename':
        return void past.update([id(step.index)], () =>
          step.name === undefined ? { description: undefined } : { name: step.name, description: step.name },
        )
      case 'reprice':
        return void past.update([id(step.index)], ({ price }) => ({ price: { ...price, amount: step.amount } }))
      case 'replace': {
        const now = past.get(id(HANDLED))
        if (now) past.put(id(HANDLED), { ...now, name: 'Replaced', revision: step.revision })
        return
      }
      case 'delete':
        return past.delete(id(step.index))
      case 'acknowledge':
        if (!reading) acknowledge()
        return
      case 'see':
        if (reading) return
        for (const change of past.changes.slice(seen, seen + step.count)) memory.see(change)
        seen = Math.min(seen + step.count, past.changes.length)
        return
      case 'readFirst':
        if (queries.some((query) => query.id === undefined)) return
        queries.push({ id: undefined, snapshot: past.read(moment), mayBeOld: false, lags, from: 0 })
        return
      case 'readOne':
        queries.push({
          id: id(step.index),
          snapshot: past.read(moment, id(step.index)),
          mayBeOld: false,
          lags,
          from: shown.get(id(step.index))!,
        })
        return
      case 'answer':
        // Reads of one product come in turn, which counts while nothing else puts them in order.
        for (const query of queries.splice(reading ? 0 : step.which, 1)) if (!(reading && query.lags)) answer(query)
        return
      case 'forget':
        if (!reading) forget()
        return
      case 'startAnew':
        return startAnew()
    }
  }

  startAnew()
  const areAllKept = fillers === 0
  for (const step of steps) {
    take(step)
    // Meanwhile nothing is answered from memory.
    if (reading) continue
    for (const id of ids) {
      const document = memory.get(id)
      if (areAllKept || document) check(id, document)
    }
  }

  if (reading) startAnew()
  while (unacknowledged.length > 0) acknowledge()
  for (const change of past.changes.slice(seen)) memory.see(change)
  for (const query of queries) answer(query)
  expect(memory.isWhole()).toBe(true)
  expect(memory.first()).toEqual(past.all().slice(0, FIRST_ALL))
  for (const id of ids) if (areAllKept || memory.get(id)) expect(memory.get(id)).toEqual(past.get(id))
}

/** What random steps come to once in ten thousand times: reads that are late, or know of an end before the stream does. */
const rare: Step[][] = [
  [
    { kind: 'create', index: HANDLED, own: false },
    { kind: 'replace', revision: 2 },
    { kind: 'delete', index: HANDLED },
    { kind: 'readFirst', behind: 0 },
    { kind: 'create', index: HANDLED, own: false },
    { kind: 'answer', which: 0 },
    { kind: 'see', count: 2 },
  ],
  [
    { kind: 'create', index: 0, own: false },
    { kind: 'sell', indexes: [0], own: false },
    { kind: 'create', index: 1, own: false },
    { kind: 'readOne', index: 0, behind: 2 },
    { kind: 'readOne', index: 0, behind: 0 },
    { kind: 'delete', index: 0 },
    { kind: 'answer', which: 1 },
    { kind: 'readFirst', behind: 0 },
    { kind: 'answer', which: 1 },
    { kind: 'answer', which: 0 },
    { kind: 'rename', index: 0, name: 'Cup' },
  ],
  [
    { kind: 'create', index: 0, own: false },
    { kind: 'sell', indexes: [0], own: false },
    { kind: 'readOne', index: 0, behind: 0 },
    { kind: 'answer', which: 0 },
    { kind: 'delete', index: 0 },
    { kind: 'readFirst', behind: 0 },
    { kind: 'answer', which: 0 },
    { kind: 'readFirst', behind: 2 },
    { kind: 'answer', which: 0 },
  ],
  [
    { kind: 'create', index: 1, own: true },
    { kind: 'delete', index: 1 },
    { kind: 'readFirst', behind: 0 },
    { kind: 'answer', which: 0 },
    { kind: 'see', count: 1 },
  ],
]

describe('the products in memory', () => {
  test.for([
    ['the first ones', 0, 2000],
    ['those behind them', FIRST_ALL, 200],
  ] as const)('%s only go forward, and end as the database has them', ([, fillers, numRuns]) => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 80, size: 'max' }), (steps) => run(steps, fillers)),
      { numRuns, examples: rare.map((steps): [Step[]] => [steps]) },
    )
  })

  test.for([true, false])('keep what was written here of one that moves up; in memory before: %s', (wasInMemory) => {
    const memory = openProductMemory({ bytes: 1e6, onChange: () => {} })
    const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => aDocument(from + n, 1))
    memory.takeFirst({ documents: range(0, FIRST_ALL), at: at(1) })
    memory.startFrom(at(1), 'dropped')
    const next = idOf(FIRST_ALL)
    if (wasInMemory) memory.takeOne(next, { document: aDocument(FIRST_ALL, 1), at: at(1) }, false)
    memory.see({ id: idOf(5), at: at(2), kind: 'gone' })
    memory.write(aDocument(FIRST_ALL, 2))
    memory.takeFirst({ documents: [...range(0, 5), ...range(6, FIRST_ALL + 1)], at: at(2) })
    expect(memory.isWhole()).toBe(true)
    expect(memory.get(next)?.revision).toBe(2)
  })
})
