"""Completion in bash, zsh and fish, where click's own falls short.

bash cuts words at ``=`` and ``:``, so that ``--symbolic=H`` is three of them; zsh and fish replace
the whole of it; fish cuts what is offered at its first comma. Here the word is what stands between
spaces, and a shell gets what it puts in its place. Behind ``H=`` and the path of a part the word
goes on, so that no space follows.
"""

from __future__ import annotations

import os
from typing import Any

from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
    split_arg_string,
)

_BASH = """\
%(complete_func)s() {
    local IFS=$'\\n' line="${COMP_LINE:0:COMP_POINT}" cut="" response item type value
    local word="${line##*[[:space:]]}" now="${COMP_WORDS[COMP_CWORD]}"
    [[ $now == "=" || $now == ":" ]] && now=""
    [[ $word == *"$now" ]] && cut="${word%%"$now"}"
    response=$(env COMP_WORDS="$line" COMP_WORD="$word" %(complete_var)s=bash_complete $1)
    for item in $response; do
        type="${item%%%%,*}" value="${item#*,}"
        case $type in
            dir) COMPREPLY=() && compopt -o dirnames ;;
            file) COMPREPLY=() && compopt -o default ;;
            more) compopt -o nospace && COMPREPLY+=("${value#"$cut"}") ;;
            plain) COMPREPLY+=("${value#"$cut"}") ;;
        esac
    done
    return 0
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""

_ZSH = """\
#compdef %(prog_name)s

%(complete_func)s() {
    local -a response completions unfinished
    local item
    (( ! $+commands[%(prog_name)s] )) && return 1
    response=("${(@f)$(env COMP_WORDS="${(j: :)words[1,CURRENT]}" COMP_WORD="${words[CURRENT]}" \\
%(complete_var)s=zsh_complete %(prog_name)s)}")
    for item in $response; do
        case ${item%%%%,*} in
            dir) _path_files -/ ;;
            file) _path_files -f ;;
            more) unfinished+=("${item#*,}") ;;
            plain) completions+=("${item#*,}") ;;
        esac
    done
    [ -n "$completions" ] && compadd -U -V unsorted -a completions
    [ -n "$unfinished" ] && compadd -U -S '' -V unfinished -a unfinished
    return 0
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    compdef %(complete_func)s %(prog_name)s
fi
"""

_FISH = """\
function %(complete_func)s
    set -l line (commandline -cp | string collect)
    set -l word (commandline -ct | string collect)
    set -l response (env %(complete_var)s=fish_complete COMP_WORDS="$line" COMP_WORD="$word" \\
%(prog_name)s)
    for item in $response
        set -l told (string split -m 1 , $item)
        switch $told[1]
            case dir
                __fish_complete_directories $told[2]
            case file
                __fish_complete_path $told[2]
            case plain more
                echo $told[2]
        end
    end
end

complete --no-files --command %(prog_name)s --arguments "(%(complete_func)s)"
"""


class _Shell(ShellComplete):
    """What the shells have in common: the words of a line, and how an item is told."""

    kept = ""
    """What of the word stands before what is completed, and has to be told again."""

    def get_completion_args(self) -> tuple[list[str], str]:
        words = split_arg_string(os.environ.get("COMP_WORDS", ""))
        if "COMP_WORD" in os.environ:
            word = os.environ["COMP_WORD"]
            before = words[1:-1] if word else words[1:]
        else:  # asked as click asks: the number of the word that is to go on
            place = int(os.environ.get("COMP_CWORD", len(words)))
            before, word = words[1:place], "".join(words[place : place + 1])
        option, equals, _ = word.partition("=")
        self.kept = option + equals if equals and option.startswith("-") else ""
        return before, word

    def format_completion(self, item: CompletionItem) -> str:
        kind = "more" if item.type == "plain" and item.goes_on else item.type
        return f"{kind},{self.kept}{item.value}"


class _Bash(_Shell, BashComplete):
    source_template = _BASH


class _Zsh(_Shell, ZshComplete):
    source_template = _ZSH


class _Fish(_Shell, FishComplete):
    source_template = _FISH


def use() -> None:
    """Have click complete by these."""
    shells: list[Any] = [_Bash, _Zsh, _Fish]
    for shell in shells:
        add_completion_class(shell)
