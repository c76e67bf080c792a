import { setTimeout as wait } from 'node:timers/promises'
import { quantitiesIn } from './quantities.ts'

/** A path, and the products that its answer shows. */
export interface Shown {
  readonly path: string
  readonly productIds: readonly string[]
}

export interface Watched {
  readonly url: string
  readonly answers: readonly Shown[]
  /** The units on hand of each product. */
  readonly stock: Readonly<Record<string, number>>
}

export interface Freshness {
  /** Answers that were asked for after a sale. */
  readonly checked: number
  /** Answers that showed something else, or more units than were left. */
  readonly wrong: number
  readonly firstWrong?: string
}

export interface FreshnessCheck {
  /** Asks for an answer, and compares it with what was sold before it was asked for. */
  check(answer: Shown): Promise<void>
  /** To be called with each unit whose order is acknowledged. */
  sold(productId: string): void
  end(): Promise<Freshness>
}

/** Reading a large answer takes time, which the load needs too. */
const BETWEEN_CHECKS_MS = 20

/** As soon as a unit is sold, an answer that shows the product is asked for, unless the last one is still looked at. */
export function checkFreshness({ url, answers, stock }: Watched): FreshnessCheck {
  const showing = new Map(answers.flatMap((answer) => answer.productIds.map((id) => [id, answer] as const)))
  const left = new Map(Object.entries(stock))
  const wrong: string[] = []
  let checked = 0
  let checking: Promise<void> | undefined

  async function check(answer: Shown): Promise<void> {
    const found = await compare(answer).catch(String)
    if (found) wrong.push(found)
  }

  async function compare({ path, productIds }: Shown): Promise<string | undefined> {
    const atMost = productIds.map((id) => left.get(id)!)
    const response = await fetch(`${url}${path}`)
    if (!response.ok) return `${path} is answered with ${response.status}`
    return difference(quantitiesIn(await response.text()), productIds, atMost)
  }

  async function checkSold(productId: string): Promise<void> {
    await check(showing.get(productId)!)
    checked++
    await wait(BETWEEN_CHECKS_MS)
    checking = undefined
  }

  return {
    check,
    sold(productId) {
      left.set(productId, left.get(productId)! - 1)
      checking ??= checkSold(productId)
    },
    async end() {
      await checking
      const [firstWrong] = wrong
      return { checked, wrong: wrong.length, ...(firstWrong && { firstWrong }) }
    },
  }
}

function difference(
  shown: ReadonlyMap<string, number>,
  productIds: readonly string[],
  atMost: readonly number[],
): string | undefined {
  if (productIds.length > shown.size) return `${shown.size} of ${productIds.length} products are shown`
  const tooMany = productIds.map((id, index) => (shown.get(id) ?? Infinity) - atMost[index]!)
  const most = Math.max(...tooMany)
  return most > 0 ? `a product is shown with ${most} units more than were left` : undefined
}
