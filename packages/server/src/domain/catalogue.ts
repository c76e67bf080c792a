import { setTimeout as wait } from 'node:timers/promises'
import type { Db, Timestamp } from 'mongodb'
import { ObjectId } from 'mongodb'
import type { ChangeBatch } from '../collections/product-changes.ts'
import { readProducts } from '../collections/product-reads.ts'
import type { ProductDocument } from '../collections/products.ts'
import { reading } from './errors.ts'
import { FIRST } from './first-products.ts'
import { followAll, followOthers } from './follow-changes.ts'
import type { OwnWrites } from './own-writes.ts'
import type { ProductChange } from './product-memory.ts'
import { openProductMemory } from './product-memory.ts'
import { readsTogether } from './reads-together.ts'

/** The stream of changes is down when it has been silent for so long: what another process wrote is seen by then. */
const SILENT_MS = 1000
const REBUILD_MS = 500
/** Products that are read for listeners at a time. */
const READ_FOR_LISTENERS = 500

/**
 * The products that are asked for, kept in the process and up to date: by a stream of all changes that a majority of
 * the database's members has, and by what this process writes.
 */
export interface Catalogue extends AsyncDisposable {
  /** The first `count` (at most 1,000) products in order of `_id`, and one more where there is one. */
  first(count: number): Promise<readonly ProductDocument[]>
  byId(id: ObjectId): Promise<ProductDocument | undefined>
  /**
   * Takes over products as a commit of this process left them: called after a majority has acknowledged it, before
   * its callers are answered, and never for one whose outcome is unknown.
   */
  readonly apply: (products: readonly ProductDocument[]) => void
  /**
   * Rises with every change of what is kept in memory; undefined while answers must come from the database. An answer
   * made from memory at a stamp is valid for as long as `stamp()` still returns that stamp.
   */
  stamp(): number | undefined
  /**
   * Calls `listener` with each product that has become newer, or is gone, and now and then with one that has not;
   * returns what ends it. It is not awaited and must not throw.
   */
  watch(listener: (change: ProductChange) => void): () => void
}

export interface CatalogueOptions {
  /** What the process writes by itself, all of which is applied when it is acknowledged. */
  readonly own?: OwnWrites
  /** What the products behind the first 1,000 may take in memory. */
  readonly bytes?: number
}

export function openCatalogue(db: Db, { own, bytes = 64 * 1024 * 1024 }: CatalogueOptions = {}): Catalogue {
  const listeners = new Set<(change: ProductChange) => void>()
  const memory = openProductMemory({ bytes, onChange: tell })
  /** Products that changed without being in memory, and that listeners have not been told of yet. */
  const untold = new Set<string>()
  /** Up to when the stream has shown everything (`performance.now()`). */
  let freshAt = -Infinity
  let loading: Promise<Loaded> | undefined
  /** The last read of each product that is under way. */
  const queries = new Map<string, symbol>()
  const readById = readsTogether(async (ids) => {
    const { documents, at } = await reading(() => readProducts(db, { _id: { $in: [...ids] } }, ids.length))
    const found = new Map(documents.map((document) => [document._id.toHexString(), document]))
    return new Map(ids.map((id) => [id.toHexString(), { document: found.get(id.toHexString()), at }]))
  })
  const closing = new AbortController()
  const stream = { db, own, receive, signal: closing.signal }
  const following = follow()

  return {
    async first(count) {
      if (!isCurrent()) await load()
      const list = memory.first()
      return list.length > count + 1 ? list.slice(0, count + 1) : list
    },
    async byId(id) {
      const key = id.toHexString()
      return (isCurrent() ? memory.get(key) : undefined) ?? query(id)
    },
    apply(written) {
      for (const document of written) {
        // A read sent before this write may be older: its result is not kept.
        queries.delete(document._id.toHexString())
        memory.write(document)
      }
    },
    stamp: () => (isCurrent() ? memory.stamp() : undefined),
    watch(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    async [Symbol.asyncDispose]() {
      closing.abort()
      await following
    },
  }

  function isCurrent(): boolean {
    return memory.isWhole() && performance.now() - freshAt < SILENT_MS
  }

  function tell(change: ProductChange): void {
    for (const listener of listeners) listener(change)
  }

  /** The stream, for as long as the catalogue is open. Whenever changes were missed, all is built anew. */
  async function follow(): Promise<void> {
    /** Behind which moment, where that is known. */
    let missedBehind: Timestamp | undefined
    while (!closing.signal.aborted) {
      try {
        // A list that was asked for before may be older than what the last stream has shown.
        await loading?.catch(() => {})
        memory.forget()
        const { at, askedAt, holdsSettled } = await load()
        if (!missedBehind && listeners.size > 0) for (const id of memory.others()) untold.add(id)
        const begin = missedBehind?.lessThan(at) ? missedBehind : at
        memory.startFrom(begin, missedBehind ? 'kept' : 'dropped')
        missedBehind = undefined
        freshAt = askedAt
        const mayLeaveOut = holdsSettled && own?.mayBeLeftOut(askedAt)
        missedBehind = await followOthers(stream, mayLeaveOut ? begin : await followAll(stream, begin))
      } catch {
        // Reads go to the database meanwhile, and tell their callers what is wrong.
        freshAt = -Infinity
        await wait(REBUILD_MS, undefined, { signal: closing.signal }).catch(() => {})
      }
    }
  }

  async function receive({ changes, askedAt, isLast }: ChangeBatch): Promise<void> {
    for (const change of changes) if (!memory.see(change) && listeners.size > 0) untold.add(change.id)
    if (isLast) freshAt = askedAt
    if (!memory.isWhole()) await load()
    if (untold.size > 0) await readForListeners()
  }

  async function readForListeners(): Promise<void> {
    const ids = [...untold].slice(0, READ_FOR_LISTENERS)
    const filter = { _id: { $in: ids.map((id) => new ObjectId(id)) } }
    const read = await readProducts(db, filter, ids.length).catch(() => undefined)
    // Where that fails it is tried again with the next batch.
    if (!read) return
    for (const id of ids) untold.delete(id)
    for (const product of read.documents) tell({ id: product._id.toHexString(), product })
  }

  /** Reads the first products. Calls that come together wait for one query. */
  function load(): Promise<Loaded> {
    return (loading ??= reading(async () => {
      for (;;) {
        const askedAt = performance.now()
        const settled = own?.settledUntil()
        const snapshot = await readProducts(db, {}, FIRST + 1)
        const holdsSettled = !settled?.greaterThan(snapshot.at)
        if (memory.takeFirst(snapshot)) return { at: snapshot.at, askedAt, holdsSettled }
      }
    }).finally(() => (loading = undefined)))
  }

  /** Reads one product; reads that come together are one query. */
  async function query(_id: ObjectId): Promise<ProductDocument | undefined> {
    const id = _id.toHexString()
    const query = Symbol(id)
    const settled = own?.settledUntil()
    queries.set(id, query)
    try {
      // The query answers for every id that it was asked for.
      const read = (await readById(_id))!
      return memory.takeOne(id, read, queries.get(id) !== query || (settled?.greaterThan(read.at) ?? false))
    } finally {
      if (queries.get(id) === query) queries.delete(id)
    }
  }
}

interface Loaded {
  readonly at: Timestamp
  /** `performance.now()` */
  readonly askedAt: number
  /** Whether it holds all that was settled when it was asked for: not where a new primary lags behind the last one. */
  readonly holdsSettled: boolean
}
