/**
 * What each shell runs at Tab: all ask `scorestream complete -- WORDS` (complete.ts), whose answer is a line a word, a tab
 * and what it means, and last `:0` where files may follow too, or `:4`. Ours, because the scripts of the packages that were
 * looked at need bash-completion, or complete no files.
 */
export const COMPLETION_SCRIPTS = {
  bash: `_scorestream() {
  local line directive= found=()
  while IFS= read -r line; do
    case $line in
      :*) directive=\${line#:} ;;
      *) found+=("\${line%%$'\\t'*}") ;;
    esac
  done < <(scorestream complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  COMPREPLY=("\${found[@]}")
  if [[ $directive == 0 ]]; then compopt -o default; fi
}
complete -F _scorestream scorestream
`,
  zsh: `#compdef scorestream
_scorestream() {
  local line directive
  local -a found
  while IFS= read -r line; do
    case $line in
      :*) directive=\${line#:} ;;
      *) found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
    esac
  done < <(scorestream complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( $#found )) && _describe scorestream found
  [[ $directive == 0 ]] && _files
}
compdef _scorestream scorestream
`,
  fish: `function __scorestream_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l answer (scorestream complete -- $words[2..] "$current" 2>/dev/null)
    for line in $answer
        string match -q ':*' -- $line; or echo $line
    end
    test "$answer[-1]" = :0; and __fish_complete_path "$current"
end
complete -c scorestream -f -a '(__scorestream_complete)'
`,
} as const;
