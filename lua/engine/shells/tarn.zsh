#compdef tarn
# tarn: completion for zsh.  source <(tarn completion zsh), or a file _tarn in a folder of $fpath
_tarn() {
    local -a found open typed
    local line
    typed=("${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}")
    for line in "${(@f)$("${(Q)words[1]}" completion words -- "${(@)typed}" 2>/dev/null)}"; do
        case $line in
        :files) _files ;;
        :folders) _files -/ ;;
        *[=.]$'\t'*) open+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;; # a value or a field follows
        ?*) found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
        esac
    done
    (( ${#found} )) && _describe -V tarn found
    (( ${#open} )) && _describe -V tarn open -S ''
}
if [[ $funcstack[1] == _tarn ]]; then _tarn "$@"; else compdef _tarn tarn; fi
