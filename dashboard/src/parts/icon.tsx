/** Drawn by ourselves on a grid of 16, so that nothing has to be fetched. */
const shapes = {
  now: 'M2 8h3l2-5 3 10 2-5h2',
  memory: 'M3 4.5C3 3 13 3 13 4.5v7c0 1.5-10 1.5-10 0zM3 4.5c0 1.5 10 1.5 10 0M3 8c0 1.5 10 1.5 10 0',
  tasks: 'm2 4 1.5 1.5L6 3M2 11l1.5 1.5L6 10M8.5 4.5H14M8.5 11.5H14',
  agents: 'M8 2.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5zM3 13.5c0-5 10-5 10 0',
  events: 'M3 3.5h1M6.5 3.5H13M3 8h1M6.5 8H13M3 12.5h1M6.5 12.5H13',
  search: 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.5 10.5 14 14',
  close: 'm4 4 8 8M12 4l-8 8',
  open: 'm6 3.5 4.5 4.5L6 12.5',
  waiting: 'M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11z',
  running: 'M8 2.5a5.5 5.5 0 1 1-5.5 5.5M8 5v3l2 1.5',
  done: 'm3 8.5 3.5 3.5L13 4.5',
  failed: 'M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM6 6l4 4M10 6l-4 4',
  lapsed: 'M4.5 2.5h7M4.5 13.5h7M5 2.5c0 4 6 7 6 11M11 2.5c0 4-6 7-6 11',
  cancelled: 'M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM4.200 4.200l7.600 7.600',
  lock: 'M4 7.5h8v6H4zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5',
  copy: 'M5.5 5.5h8v8h-8zM3.5 10.5h-1v-8h8v1',
} as const

export type IconName = keyof typeof shapes

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={shapes[name]} />
    </svg>
  )
}
