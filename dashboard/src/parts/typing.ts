/** Whether a key is part of a text, or of a shortcut of the browser. */
export function isTyping({ target, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  const isField = target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)
  return isField || ctrlKey || metaKey || altKey || document.querySelector('dialog[open]') !== null
}
