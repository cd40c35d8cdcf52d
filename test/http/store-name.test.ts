import { expect, it } from 'vitest'
import { storeName } from '../../src/http/store-name.ts'

it.each([
  ['/home/ada/shop/.swarm/memory.db', 'shop'],
  ['/home/ada/notes.db', 'notes.db'],
  ['C:\\proj\\.swarm\\memory.db', 'proj'],
  ['memory.db', 'memory.db'],
  [':memory:', ':memory:'],
  ['/.swarm/memory.db', 'memory.db'],
  ['postgres://ada:secret@db.example.com:5432/swarm?schema=x', 'swarm'],
  ['postgres://db.example.com/my%20swarm', 'my swarm'],
  ['postgres://db.example.com/my%zzdb', 'my%zzdb'],
  ['postgres:///?host=/run/postgresql&dbname=hive', 'hive'],
  ['postgres://ada:secret@db.example.com', 'postgres'],
])('people call %s by a name that tells nothing of where it is', (location, name) => {
  expect(storeName(location)).toBe(name)
})
