import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

/** The ids of the living processes whose command holds these words, one after the other. */
export async function processesWith(...words: string[]): Promise<number[]> {
  const all = process.platform === 'linux' ? await readProc() : await runPs()
  return all.filter(({ command }) => ` ${command} `.includes(` ${words.join(' ')} `)).map(({ pid }) => pid)
}

/** Whether a process has let go of its files and ports: it is gone, or dead and only waits to be reaped. */
export async function hasExited(pid: number): Promise<boolean> {
  if (process.platform === 'linux') {
    const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    const threads = await readdir(`/proc/${pid}/task`).catch(() => [])
    // The first thread may be dead while others still hold the files.
    return status === '' || (/\) [ZX] /.test(status) && threads.length < 2)
  }
  try {
    return !process.kill(pid, 0)
  } catch {
    return true
  }
}

/** `ps` is missing in small containers. */
async function readProc(): Promise<{ pid: number; command: string }[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  return Promise.all(
    pids.map(async (pid) => {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      return { pid: Number(pid), command: command.replaceAll('\0', ' ').trim() }
    }),
  )
}

async function runPs(): Promise<{ pid: number; command: string }[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-ww', '-o', 'pid=,args='], {
    maxBuffer: 64_000_000,
  }).catch(() => ({ stdout: '' }))
  return stdout.split('\n').map((line) => {
    const [pid = '', ...words] = line.trim().split(' ')
    return { pid: Number(pid), command: words.join(' ').trim() }
  })
}
