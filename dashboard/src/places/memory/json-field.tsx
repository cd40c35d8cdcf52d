interface JsonFieldProps {
  readonly label: string
  readonly text: string
  readonly onChange: (text: string) => void
}

/** A field for JSON, which says what is wrong with it. */
export function JsonField({ label, text, onChange }: JsonFieldProps) {
  const problem = problemOf(text)
  return (
    <label className="json-field">
      {label}
      <textarea
        value={text}
        spellCheck={false}
        rows={Math.min(24, Math.max(4, text.split('\n').length + 1))}
        aria-invalid={problem !== undefined}
        onChange={event => onChange(event.target.value)}
      />
      {problem !== undefined && <span className="problem">{problem}</span>}
    </label>
  )
}

/** Why a text is no JSON; undefined when it is. */
export function problemOf(text: string): string | undefined {
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
