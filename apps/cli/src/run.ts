import { CommanderError } from 'commander'
import type { CommandContext, CommandResult } from './commands/context.ts'
import { CliError, explainCall } from './errors.ts'
import { writeJson, writeLines } from './io.ts'
import { shopProgram } from './program.ts'

/** Runs one command line (without node and script) and gives its exit code. */
export async function run(args: readonly string[], context: CommandContext): Promise<0 | 1 | 2> {
  const { out, err } = context.io
  let ok = true

  async function show(command: Promise<CommandResult>, { json = false, url = '' }): Promise<void> {
    try {
      const result = await command
      ok = result.ok
      if (json) writeJson(out, result.report)
      else writeLines(out, result.lines)
    } catch (thrown) {
      const error = explainCall(thrown, url)
      ok = false
      writeLines(err, [messageOf(error)])
      if (json) writeJson(out, { error: error instanceof Error ? error.message : String(error) })
    }
  }

  const program = shopProgram(context, show)
  const output = { writeOut: (text: string) => void out.write(text), writeErr: (text: string) => void err.write(text) }
  forEachCommand(program, (command) => command.exitOverride().configureOutput(output))
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    throw error
  }
  return ok ? 0 : 1
}

type Program = ReturnType<typeof shopProgram>

/** Commands take these settings from their parent only where they are made after them. */
function forEachCommand(command: Program, visit: (command: Program) => void): void {
  visit(command)
  for (const child of command.commands) forEachCommand(child, visit)
}

/** Of an error nobody foresaw, the stack is what helps to find it. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return `error: ${String(error)}`
  return `error: ${error instanceof CliError ? error.message : (error.stack ?? error.message)}`
}
