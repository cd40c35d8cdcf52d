import type { ReactNode } from 'react'
import { change, useAddress } from '../url.ts'
import { Icon } from './icon.tsx'

interface Tab {
  readonly name: string
  readonly content: () => ReactNode
}

interface DetailProps {
  readonly title: ReactNode
  readonly label: string
  readonly tabs: readonly Tab[]
  readonly actions?: ReactNode
  /** The parameters of the address that select what is shown. */
  readonly selection: readonly string[]
}

/** What is selected, beside its list, or over it where there is no room. Which tab is open is in the address. */
export function Detail({ title, label, tabs, actions, selection }: DetailProps) {
  const { tab } = useAddress().params
  const open = tabs.find(({ name }) => name === tab) ?? tabs[0]
  return (
    <aside className="detail" aria-label={label}>
      <header>
        <h2>{title}</h2>
        <button
          type="button"
          className="plain"
          aria-label="Close"
          data-close
          onClick={() => close(selection)}
        >
          <Icon name="close" />
        </button>
      </header>
      {actions !== undefined && <div className="actions">{actions}</div>}
      <div role="tablist" aria-label="Parts" className="tabs">
        {tabs.map(({ name }) => (
          <button
            type="button"
            role="tab"
            key={name}
            aria-selected={name === open?.name}
            onClick={() => change({ tab: name === tabs[0]?.name ? undefined : name }, { isReplacing: true })}
          >
            {name}
          </button>
        ))}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled has to be reached */}
      <div role="tabpanel" aria-label={open?.name} className="detail-body" tabIndex={0}>
        {open?.content()}
      </div>
    </aside>
  )
}

function close(selection: readonly string[]): void {
  change(Object.fromEntries([...selection, 'tab'].map(name => [name, undefined])))
}

/** Facts by name; those that are undefined are left out. */
export function Facts({ of }: { of: Readonly<Record<string, ReactNode>> }) {
  return (
    <dl className="facts">
      {Object.entries(of)
        .filter(([, fact]) => fact !== undefined)
        .map(([name, fact]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{fact}</dd>
          </div>
        ))}
    </dl>
  )
}

/** The command line that does the same, to be copied. */
export function Command({ line }: { line: string }) {
  return (
    <p className="command">
      <code>{line}</code>
      <button
        type="button"
        className="plain"
        aria-label="Copy the command"
        onClick={() => void navigator.clipboard.writeText(line)}
      >
        <Icon name="copy" />
      </button>
    </p>
  )
}
