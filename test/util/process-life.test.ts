import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { expect, it, onTestFinished } from 'vitest'
import { isOver, ownMark } from '../../src/util/process-life.ts'

const start = (pid: number) => fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19]

const onLinux = it.runIf(process.platform === 'linux')

onLinux('a process is over once it has ended, and also while its parent has not heard of it', async () => {
  // The program that replaces the shell takes no notice of the shell's child.
  const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'])
  onTestFinished(() => void parent.kill('SIGKILL'))
  const [line] = await once(parent.stdout, 'data')
  const pid = Number(line)
  const mark = `${pid} ${start(pid)}`
  expect(isOver(mark)).toBe(false)
  process.kill(pid, 'SIGKILL')
  await expect.poll(() => isOver(mark)).toBe(true)
  expect(fs.existsSync(`/proc/${pid}`)).toBe(true)
  parent.kill('SIGKILL')
  await once(parent, 'exit')
  expect(isOver(`${parent.pid} 1`)).toBe(true)
})

onLinux('a process that has the number of one that is over is another one', () => {
  const own = ownMark()?.process ?? ''
  expect(isOver(own)).toBe(false)
  expect(isOver(`${process.pid} 1`)).toBe(true)
})

onLinux('what another user runs is there, and what is no process is nothing that is over', () => {
  expect(isOver(`1 ${start(1)}`)).toBe(false)
  for (const mark of ['', 'x', 'x 1', '-1', '0 0']) expect(isOver(mark)).toBe(false)
})
