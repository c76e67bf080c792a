import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** Runs a command in `cwd` and gives what it printed; where it fails, that is what the error says. */
export async function run(cwd: string, command: string, ...args: string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(command, args, { cwd, maxBuffer: 16 * 1024 * 1024 })
    return stdout
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error(`${[command, ...args].join(' ')} in ${cwd} failed:\n${stdout}${stderr}`, { cause: error })
  }
}
