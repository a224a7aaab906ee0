#include "app/cli/reference.h"

#include <algorithm>
#include <set>

namespace tt::cli {

namespace {

constexpr const char *program = "tinytranscoder-cli";

/// A word in single quotes of a POSIX shell (fish escapes a quote in them otherwise).
std::string quoted(const std::string &text, bool fish = false) {
    std::string out = "'";
    for (const char c : text)
        if (c == '\'')
            out += fish ? "\\'" : "'\\''";
        else if (c == '\\' && fish)
            out += "\\\\";
        else
            out += c;
    return out + "'";
}

std::string joined(const std::set<std::string> &words, const std::string &separator) {
    std::string out;
    for (const std::string &word : words)
        out += (out.empty() ? "" : separator) + word;
    return out;
}

std::string joined(const std::vector<std::string> &words) {
    std::string out;
    for (const std::string &word : words)
        out += (out.empty() ? "" : " ") + word;
    return out;
}

/// Options that are followed by a value: the word after one is no command.
std::set<std::string> optionsWithValue(const CommandReference &root) {
    std::set<std::string> names;
    visitCommands(root, [&](const CommandReference &command) {
        for (const OptionReference &option : command.options)
            if (!option.argument.empty())
                names.insert(option.names.begin(), option.names.end());
    });
    return names;
}

/// The loop that finds the command which the words so far name. "$line" is then that command, "$option" an option that
/// waits for its value. bash and zsh differ in how they call the words and where these begin.
std::string walk(const CommandReference &root, const std::string &words, const std::string &begin,
                 const std::string &end) {
    std::set<std::string> paths;
    visitCommands(root, [&](const CommandReference &command) {
        if (!command.path.empty())
            paths.insert("\"" + command.path + "\"");
    });
    return "    for ((index = " + begin + "; index < " + end +
           "; ++index)); do\n"
           "        word=${" +
           words +
           "[index]}\n"
           "        if [[ -n $option ]]; then\n"
           "            option=\n"
           "            continue\n"
           "        fi\n"
           "        case $word in\n"
           "            " +
           joined(optionsWithValue(root), "|") +
           ") option=$word ;;\n"
           "            -*) ;;\n"
           "            *)\n"
           "                case ${line:+$line }$word in\n"
           "                    " +
           joined(paths, "|") +
           ") line=${line:+$line }$word ;;\n"
           "                esac ;;\n"
           "        esac\n"
           "    done\n";
}

/// `case` branches with the values of each option that has only a few. Those of the program hold in every command.
std::string choiceBranches(const CommandReference &root, const std::string &variable, const std::string &open,
                           const std::string &close) {
    std::string out;
    visitCommands(root, [&](const CommandReference &command) {
        for (const OptionReference &option : command.options)
            for (const std::string &name : option.names)
                if (!option.choices.empty()) {
                    const std::string pattern =
                        command.path.empty() ? "*\" " + name + "\"" : "\"" + command.path + " " + name + "\"";
                    out += "            " + pattern + ") " + variable + "=" + open + joined(option.choices) + close +
                           " ;;\n";
                }
    });
    return out;
}

std::vector<std::string> positionalChoices(const CommandReference &command) {
    for (const OptionReference &option : command.options)
        if (option.names.empty())
            return option.choices;
    return {};
}

std::string bash(const CommandReference &root) {
    std::string out = "# Completion of tinytranscoder-cli for bash, printed by: tinytranscoder-cli completion bash\n"
                      "_tinytranscoder_cli() {\n"
                      "    local current=${COMP_WORDS[COMP_CWORD]} line='' option='' word index words=''\n"
                      "    COMPREPLY=()\n";
    out += walk(root, "COMP_WORDS", "1", "COMP_CWORD");
    out += "    if [[ -n $option ]]; then\n        case \"$line $option\" in\n" +
           choiceBranches(root, "words", "'", "'") +
           "        esac\n"
           "        mapfile -t COMPREPLY < <(if [[ -n $words ]]; then compgen -W \"$words\" -- \"$current\"; else "
           "compgen -f -- "
           "\"$current\"; fi)\n"
           "        [[ -n $words ]] || compopt -o filenames 2>/dev/null\n"
           "        return\n"
           "    fi\n"
           "    case $line in\n";
    visitCommands(root, [&](const CommandReference &command) {
        std::vector<std::string> words = positionalChoices(command);
        for (const CommandReference &below : command.commands)
            words.push_back(below.name());
        for (const OptionReference &option : command.options)
            words.insert(words.end(), option.names.begin(), option.names.end());
        out += "        \"" + command.path + "\") words=" + quoted(joined(words)) + " ;;\n";
    });
    std::vector<std::string> global;
    for (const OptionReference &option : root.options)
        global.insert(global.end(), option.names.begin(), option.names.end());
    out += "    esac\n"
           "    [[ -n $line ]] && words+=" +
           quoted(" " + joined(global)) +
           "\n"
           "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\" | sort -u)\n"
           "    if [[ ${#COMPREPLY[@]} -eq 0 && $current != -* ]]; then\n"
           "        mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
           "        compopt -o filenames 2>/dev/null\n"
           "    fi\n"
           "}\n"
           "complete -F _tinytranscoder_cli tinytranscoder-cli\n";
    return out;
}

/// "word:description" for zsh's _describe.
std::string described(const std::string &word, const std::string &description) {
    return quoted(word + ":" + description);
}

/// Each once: --help is an option of the program and of every command.
std::string zshOptions(const CommandReference &command, const std::vector<OptionReference> &offeredAlready = {}) {
    std::string out;
    for (const OptionReference &option : command.options)
        if (std::none_of(offeredAlready.begin(), offeredAlready.end(),
                         [&](const OptionReference &other) { return other.names == option.names; }))
            for (const std::string &name : option.names)
                out += " " + described(name, option.description);
    return out;
}

std::string zsh(const CommandReference &root) {
    std::string out = "#compdef tinytranscoder-cli\n"
                      "# Completion of tinytranscoder-cli for zsh, printed by: tinytranscoder-cli completion zsh\n"
                      "_tinytranscoder_cli() {\n"
                      "    local line='' option='' word\n"
                      "    integer index\n"
                      "    local -a commands options values\n";
    out += walk(root, "words", "2", "CURRENT");
    out += "    if [[ -n $option ]]; then\n        case \"$line $option\" in\n" +
           choiceBranches(root, "values", "(", ")") +
           "            *)\n                _files\n                return ;;\n"
           "        esac\n"
           "        _describe -t values value values\n"
           "        return\n"
           "    fi\n"
           "    options=(" +
           zshOptions(root) +
           ")\n"
           "    case $line in\n";
    visitCommands(root, [&](const CommandReference &command) {
        out += "        \"" + command.path + "\")\n            commands=(";
        for (const CommandReference &below : command.commands)
            out += " " + described(below.name(), below.description);
        out += ")\n";
        if (const auto choices = positionalChoices(command); !choices.empty())
            out += "            values=(" + joined(choices) + ")\n";
        if (!command.path.empty())
            out += "            options+=(" + zshOptions(command, root.options) + ")\n";
        out += "            ;;\n";
    });
    out += "    esac\n"
           "    if [[ $PREFIX == -* ]]; then\n"
           "        _describe -o -t options option options\n"
           "    elif ((${#commands})); then\n"
           "        _describe -t commands command commands\n"
           "    elif ((${#values})); then\n"
           "        _describe -t values value values\n"
           "    else\n"
           "        _files\n"
           "    fi\n"
           "}\n"
           "# As a file of fpath it is the completion itself; sourced, after compinit, it names it.\n"
           "if [[ $funcstack[1] == _tinytranscoder-cli ]]; then\n"
           "    _tinytranscoder_cli \"$@\"\n"
           "else\n"
           "    compdef _tinytranscoder_cli tinytranscoder-cli\n"
           "fi\n";
    return out;
}

std::string fishOption(const std::string &condition, const OptionReference &option) {
    std::string out = std::string("complete -c ") + program + condition;
    for (const std::string &name : option.names)
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    if (!option.argument.empty())
        out += option.choices.empty() ? " -r -F" : " -x -a " + quoted(joined(option.choices), true);
    return out + " -d " + quoted(option.description, true) + "\n";
}

std::string fish(const CommandReference &root) {
    std::string paths;
    visitCommands(root, [&](const CommandReference &command) {
        if (!command.path.empty())
            paths += " " + quoted(command.path, true);
    });
    std::string out = "# Completion of tinytranscoder-cli for fish, printed by: tinytranscoder-cli completion fish\n"
                      "function __tinytranscoder_cli_at\n"
                      "    set -l line\n"
                      "    set -l option\n"
                      "    for word in (commandline -opc)[2..-1]\n"
                      "        if test -n \"$option\"\n"
                      "            set option\n"
                      "        else if contains -- $word " +
                      joined(optionsWithValue(root), " ") +
                      "\n"
                      "            set option $word\n"
                      "        else if contains -- (string join ' ' $line $word)" +
                      paths +
                      "\n"
                      "            set -a line $word\n"
                      "        end\n"
                      "    end\n"
                      "    test \"$line\" = \"$argv[1]\"\n"
                      "end\n";
    visitCommands(root, [&](const CommandReference &command) {
        const std::string here = " -n " + quoted("__tinytranscoder_cli_at " + quoted(command.path, true), true);
        for (const CommandReference &below : command.commands)
            out += std::string("complete -c ") + program + here + " -f -a " + below.name() + " -d " +
                   quoted(below.description, true) + "\n";
        for (const OptionReference &option : command.options)
            if (option.names.empty() && !option.choices.empty())
                out += std::string("complete -c ") + program + here + " -f -a " + quoted(joined(option.choices), true) +
                       "\n";
            else if (!option.names.empty())
                out += fishOption(command.path.empty() ? "" : here, option);
    });
    return out;
}

} // namespace

std::string completion(const CommandReference &root, std::string_view shell) {
    return shell == "bash" ? bash(root) : shell == "zsh" ? zsh(root) : fish(root);
}

} // namespace tt::cli
