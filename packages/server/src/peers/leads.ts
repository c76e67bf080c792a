import { existsSync } from 'node:fs'

/** The process that places orders for the others of its host. */
export interface Lead {
  readonly door: string
  /** Aborts when it is the lead no longer, for instance because it has gone silent. */
  readonly lost: AbortSignal
}

export interface Leads {
  /** Takes over which processes are older than this one, oldest first. */
  readonly follow: (doors: readonly string[]) => void
  /** Known from the first conflict on; undefined where that is this process. */
  readonly current: () => Lead | undefined
  /** Follows this one no longer, until the next conflict; never again if its door cannot be used. */
  readonly leave: (lead: Lead, isUsable: boolean) => void
}

export function openLeads(): Leads {
  const unusable = new Set<string>()
  let lead: Lead | undefined
  let losing = new AbortController()

  return {
    follow(doors) {
      // A door that is seen is one on this host.
      const next = doors.find((door) => !unusable.has(door) && existsSync(door))
      if (next === lead?.door) return
      losing.abort()
      losing = new AbortController()
      lead = next === undefined ? undefined : { door: next, lost: losing.signal }
    },
    current: () => lead,
    leave(left, isUsable) {
      if (!isUsable) unusable.add(left.door)
      if (left === lead) lead = undefined
    },
  }
}
