import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { copySqliteTemplate } from '../support/templates.ts'

/** What a hostile checkout may reach for: the files and folders of its user, and a server that notes who calls. */
export interface Surroundings {
  readonly outside: string
  readonly port: number
}

type Trick = (project: string, surroundings: Surroundings) => void

/** Every way in which a project may try to be used as what it is not, each made in an empty folder. */
export const tricks: Readonly<Record<string, Trick>> = {
  'config.json names a server': (project, { port }) => config(project, `http://127.0.0.1:${port}`),
  'config.json names a server in capitals': (project, { port }) =>
    config(project, `HTTP://127.0.0.1:${port}/`),
  'config.json names a database': (project, { port }) =>
    config(project, `postgres://u:p@127.0.0.1:${port}/d`),
  'config.json names a file outside': (project, { outside }) => config(project, `${outside}/victim.db`),
  'config.json leads up': project => config(project, '../../outside/new.db'),
  'config.json is a link': (project, { outside }) => link(project, 'config.json', `${outside}/config.json`),
  'config.json is a pipe': project => {
    fs.mkdirSync(path.join(project, '.swarm'))
    execFileSync('mkfifo', [path.join(project, '.swarm/config.json')])
  },
  'config.json names the home': project => config(project, '~/memory.db'),
  'config.json has a placeholder': (project, { port }) =>
    config(project, `http://127.0.0.1:${port}/\${HIVEWAX_TOKEN}`),
  '.swarm is a link': (project, { outside }) => fs.symlinkSync(outside, path.join(project, '.swarm')),
  '.swarm is a link to what would be made': (project, { outside }) =>
    fs.symlinkSync(path.join(outside, 'new'), path.join(project, '.swarm')),
  'the store is a link': (project, { outside }) => link(project, 'memory.db', `${outside}/victim.db`),
  'the store is a link to what would be made': (project, { outside }) =>
    link(project, 'memory.db', `${outside}/new.db`),
  'the store is a link to a link': (project, { outside }) => {
    link(project, 'memory.db', 'further')
    link(project, 'further', `${outside}/victim.db`)
  },
  'the log is a link': (project, { outside }) => link(project, 'memory.db-wal', `${outside}/notes.txt`),
  'the log of hooks is a link': (project, { outside }) =>
    link(project, 'memory.db.hooks.log', `${outside}/notes.txt`),
  'the token is a link': (project, { outside }) => link(project, 'token', `${outside}/notes.txt`),
  'it calls itself a worktree of another': (project, { outside }) => {
    const gitDir = path.join(project, 'git/worktrees/x')
    fs.mkdirSync(gitDir, { recursive: true })
    fs.writeFileSync(path.join(gitDir, 'commondir'), `${outside}/.git\n`)
    fs.writeFileSync(path.join(gitDir, 'gitdir'), `${project}/.git\n`)
    fs.writeFileSync(path.join(project, '.git'), `gitdir: ${gitDir}\n`)
  },
  'everybody may change it': project => {
    fs.mkdirSync(path.join(project, '.swarm'))
    fs.chmodSync(path.join(project, '.swarm'), 0o777)
  },
  'everybody may change its store': project => {
    config(project, 'memory.db')
    copySqliteTemplate(path.join(project, '.swarm/memory.db'))
    fs.chmodSync(path.join(project, '.swarm/memory.db'), 0o666)
  },
  // Only the system's own account can give files away.
  ...(process.geteuid?.() === 0 && {
    'it is of another user': project => {
      fs.mkdirSync(path.join(project, '.swarm'), { mode: 0o700 })
      fs.chownSync(path.join(project, '.swarm'), 4_711, 4_711)
    },
    'its store is of another user': project => {
      config(project, 'memory.db')
      copySqliteTemplate(path.join(project, '.swarm/memory.db'))
      fs.chownSync(path.join(project, '.swarm/memory.db'), 4_711, 4_711)
    },
  }),
}

function config(project: string, url: string): void {
  fs.mkdirSync(path.join(project, '.swarm'), { recursive: true })
  fs.writeFileSync(path.join(project, '.swarm/config.json'), JSON.stringify({ url }))
}

function link(project: string, name: string, target: string): void {
  fs.mkdirSync(path.join(project, '.swarm'), { recursive: true })
  fs.symlinkSync(target, path.join(project, '.swarm', name))
}

/** What the user has beside the checkout, with a store, a repository and notes. */
export function makeOutside(outside: string, port: number): void {
  fs.mkdirSync(path.join(outside, '.git'), { recursive: true })
  fs.writeFileSync(path.join(outside, 'notes.txt'), 'mine\n')
  fs.writeFileSync(path.join(outside, 'config.json'), JSON.stringify({ url: `http://127.0.0.1:${port}` }))
  copySqliteTemplate(path.join(outside, 'victim.db'))
}

/** Every file below a folder, with what is in it and when it was changed. */
export function snapshot(folder: string): Record<string, string> {
  const entries = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  return Object.fromEntries(
    entries.map(name => {
      const stat = fs.lstatSync(path.join(folder, name))
      const text = stat.isFile() ? fs.readFileSync(path.join(folder, name), 'latin1') : ''
      return [name, `${stat.mode} ${stat.mtimeMs} ${text}`]
    }),
  )
}
