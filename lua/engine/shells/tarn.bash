# tarn: completion for bash.  source <(tarn completion bash)
_tarn() {
    local cur=${COMP_WORDS[COMP_CWORD]} word
    COMPREPLY=()
    while IFS= read -r word; do
        case $word in
        :files) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
        :folders) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
        *) COMPREPLY+=("$word") ;;
        esac
    done < <("$1" completion words --current "$cur" --line "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[=.] ]] && compopt -o nospace
}
complete -F _tarn tarn
