import { LRUCache } from 'lru-cache'
import type { Timestamp } from 'mongodb'
import { BSON } from 'mongodb'
import type { StoredChange } from '../collections/product-changes.ts'
import type { ProductSnapshot } from '../collections/product-reads.ts'
import type { ProductDocument } from '../collections/products.ts'
import { openFirstProducts } from './first-products.ts'
import type { Kept } from './kept-product.ts'
import { afterChange, afterRead, afterWrite } from './kept-product.ts'

/** How many deleted products are remembered, so that a write acknowledged after the deletion brings none back. */
const BURIED = 1000

/** `product` is undefined where it was deleted. */
export interface ProductChange {
  readonly id: string
  readonly product: ProductDocument | undefined
}

/** One product as it was at a moment of the database's clock; undefined where there was none. */
interface ProductRead {
  readonly document: ProductDocument | undefined
  readonly at: Timestamp
}

/**
 * The products in memory: the first of the shop, and of the others those that were asked for last. Changes, reads and
 * writes come in as they happen to arrive; no product ever goes back to what it was before.
 */
export interface ProductMemory {
  get(id: string): ProductDocument | undefined
  first(): readonly ProductDocument[]
  /** Whether the first products are all there. */
  isWhole(): boolean
  /** Rises with every change that may change an answer from memory. */
  stamp(): number
  /** Begins anew, at a moment from which on every change will be seen; until it is whole, it answers nothing. */
  forget(): void
  startFrom(moment: Timestamp, others: Others): void
  /** Takes the next change of the stream. False where it holds some fields of a product that is not in memory. */
  see(change: StoredChange): boolean
  /** A product as an acknowledged write of this process left it. */
  write(document: ProductDocument): void
  /** Takes the first products as they were read. False where they are to be read again: these were too old. */
  takeFirst(snapshot: ProductSnapshot): boolean
  /** What is now known of a product that was read; `mayBeOld`: this process wrote it since. */
  takeOne(id: string, read: ProductRead, mayBeOld: boolean): ProductDocument | undefined
  /** The ids of all that are kept behind the first. */
  others(): Iterable<string>
}

/**
 * What becomes of the products behind the first at a new start: all are dropped where changes of them were missed, and
 * where own writes alone were left out, those that were written here.
 */
type Others = 'dropped' | 'kept'

export interface MemoryOptions {
  /** What the products behind the first may take, in bytes. */
  readonly bytes: number
  /** Called with each product that has become newer, or is gone. */
  readonly onChange: (change: ProductChange) => void
}

export function openProductMemory({ bytes, onChange }: MemoryOptions): ProductMemory {
  const first = openFirstProducts()
  const others = new LRUCache<string, Kept>({
    maxSize: bytes,
    sizeCalculation: bytesOf,
    // From here on its changes go unnoticed, so no answer that shows it may be taken for current.
    dispose: (_kept, _id, reason) => void (reason === 'evict' && stamp++),
  })
  /** Own writes of products that are not kept, made while the first are not whole: one of them may move up. */
  const passed = new Map<string, Kept>()
  const buried = new Set<string>()
  let stamp = 1
  let isLoaded = false
  /** The time of the last change that was seen; undefined between two streams. */
  let position: Timestamp | undefined
  /** The time of the latest read of the first products: one that is not among them was not there then. */
  let firstReadAt: Timestamp | undefined

  return {
    get: (id) => (first.get(id) ?? others.get(id))?.document,
    first: () => first.list(),
    isWhole,
    stamp: () => stamp,
    forget() {
      // The next stream begins after these writes and never delivers them: nothing is ahead of it any more.
      for (const [id, { document }] of first.entries()) first.put(id, { document })
      isLoaded = false
      position = undefined
      firstReadAt = undefined
    },
    startFrom(moment, become) {
      position = moment
      // What is dropped changes unnoticed.
      stamp++
      for (const [id, { ahead }] of others.entries()) if (become === 'dropped' || ahead === 'own') others.delete(id)
      passed.clear()
    },
    see(change) {
      const { id, kind } = change
      position = change.at
      const known = find(id)
      if (kind === 'whole' && !known && first.takes(id) && firstReadAt?.greaterThanOrEqual(change.at)) {
        // A later read did not find it: it has been deleted since, which the stream has yet to say.
        bury(id)
        return true
      }
      if (known || (kind === 'whole' && first.takes(id))) put(id, afterChange(known, change))
      else if (kind !== 'fields') tell(id, kind === 'whole' ? change.document : undefined)
      if (kind === 'whole') buried.delete(id)
      if (kind === 'gone') {
        passed.delete(id)
        bury(id)
      }
      return known !== undefined || kind !== 'fields'
    },
    write(document) {
      const id = document._id.toHexString()
      const known = find(id)
      if (!known && !first.takes(id)) {
        if (!isWhole()) passed.set(id, afterWrite(passed.get(id), document))
        onChange({ id, product: document })
      } else if (known || !buried.has(id)) put(id, afterWrite(known, document))
    },
    takeFirst(snapshot) {
      if (!isBehind(snapshot.at) && !firstReadAt?.greaterThan(snapshot.at)) replaceFirst(snapshot)
      return isWhole()
    },
    takeOne(id, { document, at }, mayBeOld) {
      const known = find(id)
      if (isBehind(at) && known) return known.document
      if (!known && first.takes(id) && firstReadAt?.greaterThan(at)) return undefined
      const kept = afterRead(known, document, at)
      if (!kept) return undefined
      // Between two streams too: the first products, which are being read, may come as they were before this read.
      const isInTime = position ? !isBehind(at) : first.takes(id)
      if (known || (isInTime && !mayBeOld)) {
        if (known || first.takes(id)) put(id, kept)
        else others.set(id, kept)
      }
      // It is answered but not kept, so its changes go unnoticed: the answer must not outlive this stamp.
      if (!find(id)) stamp++
      return kept.document
    },
    others: () => others.keys(),
  }

  function isWhole(): boolean {
    return isLoaded && !first.isShort()
  }

  function isBehind(at: Timestamp): boolean {
    return position !== undefined && at.lessThan(position)
  }

  function find(id: string): Kept | undefined {
    return first.get(id) ?? others.peek(id)
  }

  function put(id: string, kept: Kept | undefined): void {
    const known = find(id)
    if (kept === known) return
    if (!kept) first.delete(id)
    else if (first.takes(id)) first.put(id, kept)
    if (!kept || first.takes(id)) others.delete(id)
    else others.set(id, kept)
    if (kept?.document !== known?.document) tell(id, kept?.document)
  }

  function tell(id: string, product: ProductDocument | undefined): void {
    stamp++
    onChange({ id, product })
  }

  function bury(id: string): void {
    buried.add(id)
    if (buried.size > BURIED) buried.delete(buried.keys().next().value!)
  }

  function replaceFirst({ documents, at }: ProductSnapshot): void {
    const known = new Map(first.entries())
    const read = new Map(documents.map((document) => [document._id.toHexString(), document]))
    const kept = new Map<string, Kept>()
    for (const id of new Set([...known.keys(), ...read.keys()])) {
      const now = afterRead(find(id) ?? passed.get(id), read.get(id), at)
      if (now) kept.set(id, now)
    }
    first.replace(kept)
    firstReadAt = at
    isLoaded = true
    stamp++
    for (const [id, { document }] of first.entries()) {
      if (known.get(id)?.document !== document) tell(id, document)
      known.delete(id)
      passed.delete(id)
      others.delete(id)
      buried.delete(id)
    }
    for (const id of known.keys()) {
      if (!first.takes(id)) continue
      bury(id)
      tell(id, undefined)
    }
    if (isWhole()) passed.clear()
  }
}

/** Measured, with the product that is made of it: its objects are about 1,000 bytes, beside the texts. */
function bytesOf({ document }: Kept): number {
  return BSON.calculateObjectSize(document) + 1000
}
