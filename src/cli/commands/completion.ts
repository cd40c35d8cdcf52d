import type { Cli } from '../cli.ts'

/** Each asks `hivewax complete` for what may come next, so that the script never has to be made again. */
const scripts = {
  bash: `# hivewax completion for bash
_hivewax() {
  local line=\${COMP_LINE:0:COMP_POINT} candidate
  local -a words
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  # Bash itself takes what follows the last : or = for the word to complete.
  local current=\${words[\${#words[@]}-1]} cut=''
  [[ $current == *[:=]* ]] && cut=\${current%"\${current##*[:=]}"}
  COMPREPLY=()
  while IFS= read -r candidate; do
    candidate=\${candidate%%$'\\t'*}
    COMPREPLY+=("\${candidate#"$cut"}")
  done < <(hivewax complete -- "\${words[@]:1}" 2>/dev/null)
}
complete -o bashdefault -o default -F _hivewax hivewax
`,
  zsh: `#compdef hivewax
# hivewax completion for zsh
_hivewax() {
  local line
  local -a candidates
  for line in "\${(@f)$(hivewax complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] && candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  if (( \${#candidates} )); then _describe -V hivewax candidates; else _files; fi
}
compdef _hivewax hivewax
`,
  fish: `# hivewax completion for fish
function __hivewax_complete
  set -l words (commandline -opc) (commandline -ct)
  hivewax complete -- $words[2..-1] 2>/dev/null
end
complete -c hivewax -f -a '(__hivewax_complete)'
`,
} as const

export async function run(cli: Cli, { shell }: { shell: keyof typeof scripts }): Promise<undefined> {
  const script = scripts[shell]
  if (cli.print.json) cli.print.document(script)
  else cli.print.styled(script.trimEnd())
}
