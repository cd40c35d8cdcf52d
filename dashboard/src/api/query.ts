import {
  keepPreviousData,
  QueryClient,
  type UseQueryResult,
  useInfiniteQuery,
  useQuery,
} from '@tanstack/react-query'
import { useEffect, useSyncExternalStore } from 'react'
import type { Answers, OperationName } from './answers.ts'
import { ApiError, call } from './call.ts'
import { type FeedState, feed } from './feed.ts'

/** How often what no event tells of is read again while the page is seen, in milliseconds. */
const lookMs = 5_000

/** How often events may have the same lists read again, in milliseconds. */
const freshMs = 1_000

export const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: freshMs,
      gcTime: 60_000,
      // What the server refuses it refuses again; where nothing answers, it is asked until it does.
      retry: (count, error) => !(error instanceof ApiError) && count < 3,
      refetchInterval: query => (query.state.error instanceof ApiError ? false : lookMs),
    },
  },
})

interface AskOptions {
  /** Do not ask yet. Default: true. */
  readonly enabled?: boolean
  /** Show the former answer until another input has its own. Default: false. */
  readonly keeps?: boolean
  /** Read it once, and again only when an event or the page itself has it read. Default: false. */
  readonly once?: boolean
}

/** What an operation that reads answers, read again as things happen. */
export function useAnswer<Name extends OperationName>(
  name: Name,
  input: object = {},
  { enabled = true, keeps = false, once = false }: AskOptions = {},
): UseQueryResult<Answers[Name]> {
  return useQuery({
    queryKey: [domainOf(name), name, input],
    queryFn: ({ signal }) => call(name, input, signal),
    enabled,
    ...(keeps && { placeholderData: keepPreviousData }),
    ...(once && { refetchInterval: false as const }),
  })
}

type Paged = {
  [Name in OperationName]: Answers[Name] extends { cursor: string | undefined } ? Name : never
}[OperationName]

/** A list that is read page by page, as far as somebody has scrolled. */
export function useList<Name extends Paged>(name: Name, input: object = {}, enabled = true) {
  const result = useInfiniteQuery({
    queryKey: [domainOf(name), name, 'pages', input],
    queryFn: ({ pageParam, signal }) =>
      call(name, { ...input, ...(pageParam !== '' && { cursor: pageParam }) }, signal),
    initialPageParam: '',
    getNextPageParam: (page: Answers[Name]) => page.cursor,
    enabled,
    placeholderData: keepPreviousData,
  })
  const items = result.data?.pages.flatMap(page => page.items as Answers[Name]['items'][number][])
  return { ...result, items }
}

/** Has everything of a domain read again, as after a change of one's own. */
export function readAgain(...domains: string[]): Promise<unknown> {
  return Promise.all(domains.map(domain => client.invalidateQueries({ queryKey: [domain] })))
}

export function useFeed(): FeedState {
  return useSyncExternalStore(feed.subscribe, feed.state)
}

/** Keeps the stream of the page, and has read again what its events are about. */
export function useLiveAnswers(): void {
  useEffect(() => {
    const due = new Set<string>()
    let timer: number | undefined
    const flush = () => {
      timer = undefined
      void readAgain(...due)
      due.clear()
    }
    const forget = feed.subscribe((news, isGap) => {
      if (isGap) void client.invalidateQueries()
      for (const { type } of news) due.add(`${type.slice(0, type.indexOf('.'))}s`)
      if (due.size > 0) timer ??= window.setTimeout(flush, freshMs)
    })
    feed.start()
    return () => {
      window.clearTimeout(timer)
      forget()
      feed.stop()
    }
  }, [])
}

function domainOf(name: OperationName): string {
  return name.slice(0, name.indexOf('.'))
}
