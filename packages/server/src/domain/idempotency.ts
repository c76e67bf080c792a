import { hash } from 'node:crypto'
import type { Call } from '../shop.ts'

/** An idempotency key as it came, and what it stands for. */
export interface Key {
  readonly text: string
  readonly principal: string | undefined
  readonly hash: string
}

/** `meaning` is the change in one form however it was spelled, so that equal changes hash alike. */
export function keyOf(text: string | undefined, call: Call, meaning: unknown): Key | undefined {
  if (text === undefined) return undefined
  return { text, principal: call.principal, hash: hash('sha256', JSON.stringify(meaning), 'base64url') }
}

/** The key as it is stored: nobody meets another's keys. A key has no colon, so the two parts cannot run together. */
export function scoped({ text, principal }: Key, user: string): string {
  return `${text}:${principal ?? user}`
}
