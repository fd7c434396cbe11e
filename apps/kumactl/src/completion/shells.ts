const BASH = `# bash completion for kumactl
_kumactl() {
  local line current="\${COMP_WORDS[COMP_CWORD]}"
  [ "$current" = "=" ] && current=""
  COMPREPLY=()
  while IFS= read -r line; do
    if [ "$line" = ":files" ]; then
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current")
    else
      COMPREPLY+=("\${line%%$'\\t'*}")
    fi
  done < <(kumactl __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _kumactl kumactl
`;

const ZSH = `#compdef kumactl
_kumactl() {
  local line
  local -a found
  while IFS= read -r line; do
    if [[ "$line" == ":files" ]]; then
      _files
    else
      found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    fi
  done < <(kumactl __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#found} )) && _describe kumactl found
}
if [ "$funcstack[1]" = "_kumactl" ]; then
  _kumactl "$@"
else
  compdef _kumactl kumactl
fi
`;

const FISH = `# fish completion for kumactl
function __kumactl_complete
  set -l words (commandline -opc) (commandline -ct)
  for line in (kumactl __complete $words[2..-1] 2>/dev/null)
    if test "$line" = ":files"
      __fish_complete_path (commandline -ct)
    else
      echo $line
    end
  end
end
complete -c kumactl -f -a '(__kumactl_complete)'
`;

const POWERSHELL = `# powershell completion for kumactl
Register-ArgumentCompleter -Native -CommandName kumactl -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
  if ($wordToComplete -eq '') { $words += '""' }
  kumactl __complete @words 2>$null | Where-Object { $_ -ne ':files' } | ForEach-Object {
    $value, $text = $_ -split "\`t", 2
    if (-not $text) { $text = $value }
    [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $text)
  }
}
`;

/** Scripts by shell. Each reads lines of `value TAB description`; the line `:files` asks for names of files. */
export const SHELLS: Readonly<Record<string, string>> = { bash: BASH, fish: FISH, powershell: POWERSHELL, zsh: ZSH };
