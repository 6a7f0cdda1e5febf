# tarn: completion for fish.  tarn completion fish | source
function __tarn_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct | string unescape)
    for line in ($words[1] completion words -- $words[2..-1] "$current" 2>/dev/null)
        switch $line
            case :files :folders
                __fish_complete_path "$current"
            case '*'
                echo -- $line
        end
    end
end
complete -c tarn -f -a '(__tarn_complete)'
