import path from 'node:path'
import { defineConfig, type Plugin } from 'vite'
import { operationFacts } from './operation-facts.ts'

const virtual = 'virtual:operations'

const operations: Plugin = {
  name: 'operations',
  resolveId: id => (id === virtual ? `\0${virtual}` : null),
  load: id =>
    id === `\0${virtual}` ? `export const operations = ${JSON.stringify(operationFacts())}` : null,
}

export default defineConfig({
  root: import.meta.dirname,
  // Wherever a proxy puts the pages, their parts are beside them.
  base: './',
  plugins: [operations],
  build: {
    outDir: path.join(import.meta.dirname, '../dist/dashboard'),
    emptyOutDir: true,
    target: 'es2023',
    // A preload would be a script in the page, and a data: address is no address of the server.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
})
