import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import type { Io } from './io.ts'

/** Whether somebody is there who can be asked. */
export function isAtTerminal({ in: input, err }: Io): boolean {
  return input.isTTY === true && err.isTTY === true
}

/** Asks a question whose answer is no unless it is yes; an input that ends is no answer. */
export async function confirm({ in: input, err }: Io, question: string): Promise<boolean> {
  // The terminal itself edits the line, so that Ctrl-C stays the signal that ends the command.
  const prompt = createInterface({ input, output: err, terminal: false })
  const ended = once(prompt, 'close').then(() => '')
  const answer = await Promise.race([prompt.question(`${question} (y/N) `), ended])
  prompt.close()
  return /^y(?:es)?$/i.test(answer.trim())
}
