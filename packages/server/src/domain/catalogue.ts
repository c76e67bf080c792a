import { setTimeout as wait } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import type { Db, Timestamp } from 'mongodb'
import { BSON, ObjectId } from 'mongodb'
import type { ChangeBatch, StoredChange } from '../collections/product-changes.ts'
import { productChanges } from '../collections/product-changes.ts'
import type { ProductSnapshot } from '../collections/product-reads.ts'
import { readProducts } from '../collections/product-reads.ts'
import type { ProductDocument } from '../collections/products.ts'
import { reading } from './errors.ts'
import { FIRST, openFirstProducts } from './first-products.ts'
import type { Kept } from './kept-product.ts'
import { afterChange, afterRead, afterWrite } from './kept-product.ts'
import { readsTogether } from './reads-together.ts'

/** The stream of changes is down when it has been silent for so long: what another process wrote is seen by then. */
const SILENT_MS = 1000
const REBUILD_MS = 500
/** Products that are gone, so that a write of them which is acknowledged late does not bring them back. */
const BURIED = 1000
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
  /** Calls `listener` with each product that has become newer, or is gone; returns what ends it. It must not throw. */
  watch(listener: (change: ProductChange) => void): () => void
}

/** `product` is undefined where it was deleted. */
export interface ProductChange {
  readonly id: string
  readonly product: ProductDocument | undefined
}

interface Loaded {
  readonly at: Timestamp
  readonly askedAt: number
}

/** `memory` is what the products behind the first 1,000 may take, in bytes. */
export function openCatalogue(db: Db, memory = 64 * 1024 * 1024): Catalogue {
  const first = openFirstProducts()
  /** Of the others, those that were asked for last. */
  const rest = new LRUCache<string, Kept>({ maxSize: memory, sizeCalculation: bytesOf })
  const buried = new Set<string>()
  const listeners = new Set<(change: ProductChange) => void>()
  /** Products that changed without being kept, and that listeners have not seen yet. */
  const unseen = new Set<string>()

  let stamp = 1
  let isLoaded = false
  /** Up to when the stream of changes has shown everything (`performance.now()`). */
  let freshAt = -Infinity
  /** The time of the last change of the stream, by the database's clock. */
  let position: Timestamp | undefined
  let loading: Promise<Loaded> | undefined
  /** The last read of each product that is under way. */
  const queries = new Map<string, symbol>()
  const readById = readsTogether(async (ids) => {
    const { documents, at } = await reading(() => readProducts(db, { _id: { $in: [...ids] } }, ids.length))
    const found = new Map(documents.map((document) => [document._id.toHexString(), document]))
    return new Map(ids.map((id) => [id.toHexString(), { document: found.get(id.toHexString()), at }]))
  })

  const closing = new AbortController()
  const following = follow()

  return {
    async first(count) {
      if (!isCurrent()) await load()
      const list = first.list()
      return list.length > count + 1 ? list.slice(0, count + 1) : list
    },
    async byId(id) {
      const key = id.toHexString()
      const kept = isCurrent() ? (first.get(key) ?? rest.get(key)) : undefined
      return (kept ?? (await query(id)))?.document
    },
    apply(written) {
      for (const document of written) {
        const id = document._id.toHexString()
        // What is being read may be older, and must not be kept.
        queries.delete(id)
        const known = find(id)
        if (!known && !first.takes(id)) tell(id, document)
        else if (known || !buried.has(id)) put(id, afterWrite(known, document))
      }
    },
    stamp: () => (isCurrent() ? stamp : undefined),
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
    return isLoaded && !first.isShort() && performance.now() - freshAt < SILENT_MS
  }

  function find(id: string): Kept | undefined {
    return first.get(id) ?? rest.peek(id)
  }

  function put(id: string, kept: Kept | undefined): void {
    const known = find(id)
    if (kept === known) return
    if (!kept) first.delete(id)
    else if (first.takes(id)) first.put(id, kept)
    if (!kept || first.takes(id)) rest.delete(id)
    else rest.set(id, kept)
    if (kept?.document === known?.document) return
    stamp++
    tell(id, kept?.document)
  }

  function tell(id: string, product: ProductDocument | undefined): void {
    for (const listener of listeners) listener({ id, product })
  }

  /** The stream, for as long as the catalogue is open; whenever changes were lost, all is built anew. */
  async function follow(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        isLoaded = false
        position = undefined
        const { at, askedAt } = await load()
        position = at
        freshAt = askedAt
        if (listeners.size > 0) for (const id of rest.keys()) unseen.add(id)
        rest.clear()
        for await (const batch of productChanges(db, at, closing.signal)) await receive(batch)
      } catch {
        // Reads go to the database meanwhile, and tell their callers what is wrong.
        freshAt = -Infinity
        await wait(REBUILD_MS, undefined, { signal: closing.signal }).catch(() => {})
      }
    }
  }

  async function receive({ changes, askedAt, isLast }: ChangeBatch): Promise<void> {
    for (const change of changes) see(change)
    if (isLast) freshAt = askedAt
    if (first.isShort()) await load()
    if (unseen.size > 0) await readForListeners()
  }

  function see(change: StoredChange): void {
    const { id } = change
    position = change.at
    const known = find(id)
    if (known || (change.kind === 'whole' && first.takes(id))) put(id, afterChange(known, change))
    else if (change.kind === 'whole') tell(id, change.document)
    else if (change.kind === 'gone') tell(id, undefined)
    else if (listeners.size > 0) unseen.add(id)
    if (change.kind === 'whole') buried.delete(id)
    else if (change.kind === 'gone') bury(id)
  }

  function bury(id: string): void {
    buried.add(id)
    if (buried.size > BURIED) buried.delete(buried.values().next().value!)
  }

  async function readForListeners(): Promise<void> {
    const ids = [...unseen].slice(0, READ_FOR_LISTENERS)
    const filter = { _id: { $in: ids.map((id) => new ObjectId(id)) } }
    const read = await readProducts(db, filter, ids.length).catch(() => undefined)
    // Those that could not be read are tried again with the next batch.
    if (!read) return
    for (const id of ids) unseen.delete(id)
    for (const document of read.documents) tell(document._id.toHexString(), document)
  }

  /** Reads the first products; calls that come together wait for one query. */
  function load(): Promise<Loaded> {
    return (loading ??= reading(async () => {
      for (;;) {
        const askedAt = performance.now()
        const snapshot = await readProducts(db, {}, FIRST + 1)
        if (!isBehind(snapshot.at)) takeOver(snapshot)
        // What is in memory is newer than the snapshot, but it may lack a product.
        else if (!isLoaded || first.isShort()) continue
        return { at: snapshot.at, askedAt }
      }
    }).finally(() => (loading = undefined)))
  }

  function takeOver({ documents, at }: ProductSnapshot): void {
    const known = new Map(first.entries())
    const read = new Map(documents.map((document) => [document._id.toHexString(), document]))
    first.replace(
      new Map(
        [...new Set([...known.keys(), ...read.keys()])].flatMap((id) => {
          const kept = afterRead(known.get(id), read.get(id), at)
          return kept ? [[id, kept]] : []
        }),
      ),
    )
    isLoaded = true
    stamp++
    for (const [id, { document }] of first.entries()) {
      if (known.get(id)?.document !== document) tell(id, document)
      known.delete(id)
      rest.delete(id)
      buried.delete(id)
    }
    for (const id of known.keys()) if (first.takes(id)) tell(id, undefined)
  }

  /** Reads one product; reads that come together are one query. */
  async function query(_id: ObjectId): Promise<Kept | undefined> {
    const id = _id.toHexString()
    const own = Symbol(id)
    queries.set(id, own)
    try {
      const { document, at } = (await readById(_id))!
      const known = find(id)
      const kept = afterRead(known, document, at)
      const isOld = isBehind(at)
      if (!isOld && kept && (known || position) && queries.get(id) === own) put(id, kept)
      // Nothing will tell of the next change of it.
      else if (kept) stamp++
      return isOld ? (known ?? kept) : kept
    } finally {
      if (queries.get(id) === own) queries.delete(id)
    }
  }

  /** Whether the stream has shown a change of later than that. */
  function isBehind(at: Timestamp): boolean {
    return position !== undefined && at.lessThan(position)
  }
}

/** In memory, with what is made of it: about three times what is stored. */
function bytesOf({ document }: Kept): number {
  return 3 * BSON.calculateObjectSize(document) + 500
}
