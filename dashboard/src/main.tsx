import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { client } from './api/query.ts'
import { followLink } from './api/session.ts'
import { App } from './frame/app.tsx'
import './style/base.css'
import './style/frame.css'
import './style/parts.css'
import './style/places.css'

const why = await followLink()
const root = document.getElementById('root')
if (root === null) throw new Error('the page has no root')
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <App why={why} />
    </QueryClientProvider>
  </StrictMode>,
)
