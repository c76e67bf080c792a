import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** Numbers that follow from a seed. Each part of a run has a stream of its own, so that none shifts another's. */
export interface Random {
  /** A whole number, both ends included. */
  between(least: number, most: number): number
  chance(probability: number): boolean
  pick<T>(items: readonly T[]): T
  shuffle<T>(items: readonly T[]): T[]
}

const MILLION = 1_000_000

export function randomOf(seed: number, stream: number): Random {
  // Neighbouring seeds must not give neighbouring streams: the two are far apart in the 32 bits.
  const generator = xoroshiro128plus((Math.imul(seed, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b)) | 0)
  const between = (least: number, most: number) => uniformInt(generator, least, most)
  return {
    between,
    chance: (probability) => between(1, MILLION) <= probability * MILLION,
    pick: (items) => items[between(0, items.length - 1)]!,
    shuffle(items) {
      const shuffled = [...items]
      for (let index = shuffled.length - 1; index > 0; index--) {
        const other = between(0, index)
        ;[shuffled[index], shuffled[other]] = [shuffled[other]!, shuffled[index]!]
      }
      return shuffled
    },
  }
}
