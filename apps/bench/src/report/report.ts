import type { Section } from './docs.ts'
import type { Machine } from './machine.ts'
import { machineLine } from './machine.ts'

/** What a command has found out, in words, figures and pictures. */
export interface Report {
  readonly title: string
  /** What was measured, for whoever reads only the document. */
  readonly intro: readonly string[]
  /** The tables, for the terminal and the document. */
  readonly lines: readonly string[]
  readonly plots: Section['plots']
  /** Where the document shows them. */
  readonly plotLines: readonly string[]
  /** Whether every measurement counts. */
  readonly ok: boolean
  readonly results: unknown
}

export interface Told {
  readonly command: string
  readonly machine: Machine
  readonly report: Report
}

export function terminalLines({ machine, report: { lines } }: Told): string[] {
  return [machineLine(machine), ...lines]
}

export function documentLines({ command, machine, report }: Told): string[] {
  const { title, intro, plotLines, lines } = report
  const plots = plotLines.flatMap((line) => ['', line])
  return [`## ${title}`, '', `\`${command}\``, '', machineLine(machine), '', ...intro, ...plots, ...lines]
}

export function json({ command, machine, report: { ok, results } }: Told): string {
  return `${JSON.stringify({ command, machine, ok, results }, null, 2)}\n`
}
