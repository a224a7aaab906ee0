#include "app/cli/reference.h"

#include <array>
#include <cstdio>

namespace tt::cli {

namespace {

/// The code point that begins at `at` of UTF-8 text; `at` moves behind it.
char32_t nextCodePoint(const std::string &text, size_t &at) {
    const auto first = static_cast<unsigned char>(text[at++]);
    const int further = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
    char32_t code = further == 0 ? first : first & (0x3FU >> further);
    for (int i = 0; i < further && at < text.size(); ++i)
        code = (code << 6) | (static_cast<unsigned char>(text[at++]) & 0x3FU);
    return code;
}

/// Text as roff prints it unchanged, in ASCII: "…" becomes \[u2026].
std::string roff(const std::string &text) {
    std::string out;
    for (size_t at = 0; at < text.size();) {
        const char32_t code = nextCodePoint(text, at);
        if (code == '\\')
            out += "\\e";
        else if (code == '-')
            out += "\\-";
        else if (code < 0x80)
            out += static_cast<char>(code);
        else {
            std::array<char, 16> escape{};
            std::snprintf(escape.data(), escape.size(), "\\[u%04X]", static_cast<unsigned>(code));
            out += escape.data();
        }
    }
    return text.starts_with('.') || text.starts_with('\'') ? "\\&" + out : out;
}

std::string joined(const std::vector<std::string> &parts, const std::string &separator) {
    std::string out;
    for (const std::string &part : parts)
        out += (out.empty() ? "" : separator) + part;
    return out;
}

std::string sentence(const std::string &text) {
    return text.empty() || text.ends_with('.') ? text : text + ".";
}

std::string optionEntry(const OptionReference &option) {
    const std::string dots = option.several ? " ..." : "";
    std::string out = ".TP\n";
    if (option.names.empty())
        out += ".I " + roff(option.argument) + dots + "\n";
    else if (option.argument.empty())
        out += ".B " + roff(joined(option.names, ", ")) + "\n";
    else
        out += ".BI \"" + roff(joined(option.names, ", ")) + " \" \"" + roff(option.argument) + dots + "\"\n";
    std::string text = sentence(option.description);
    if (option.required)
        text += " Required.";
    if (!option.range.empty())
        text += " From " + option.range + ".";
    if (!option.choices.empty() && option.description.find(option.choices.front()) == std::string::npos)
        text += " One of " + joined(option.choices, ", ") + ".";
    if (!option.preset.empty())
        text += " Default: " + option.preset + ".";
    return out + roff(text) + "\n";
}

std::string synopsis(const CommandReference &command) {
    std::string out = ".B tinytranscoder\\-cli " + roff(command.path) + "\n";
    for (const OptionReference &option : command.options) {
        const std::string shown = option.names.empty() ? option.argument : option.names.back() + " " + option.argument;
        if (option.required)
            out += "\\fI" + roff(shown) + "\\fR\n";
    }
    return out + "[\\fIOPTION\\fR]...\n";
}

bool isHelp(const OptionReference &option) {
    return !option.names.empty() && option.names.back() == "--help";
}

std::string commandEntry(const CommandReference &command) {
    const bool onlyGroup = command.options.size() <= 1 && !command.commands.empty(); // its option is --help
    if (onlyGroup || command.path.empty())
        return {};
    std::string out = ".SS \"" + roff(command.path) + "\"\n" + synopsis(command) + ".PP\n" +
                      roff(sentence(command.description)) + "\n";
    for (const OptionReference &option : command.options)
        if (!isHelp(option))
            out += optionEntry(option);
    return out;
}

constexpr const char *description = R"(.SH DESCRIPTION
Everything that the window of
.BR tinytranscoder (1)
computes, without a display: stories and tokenizers, training of small GPTs and of transcoders that replace their
MLPs by sparse features, the features active on a prompt, exact attribution graphs, and interventions that test them.
.PP
Everything lies in one folder, the workspace. A command that takes a name uses the newest where none is given.
Positions, layers and features count from 0. A feature is written
.IR LAYER / FEATURE ,
at a position
.IR LAYER / POSITION / FEATURE .
The options of the program can stand before or after the command.
)";

constexpr const char *ending = R"(.SH "EXIT STATUS"
.TP
.B 0
Done.
.TP
.B 1
Failed. One line on standard error says what, which file, and what to do.
.TP
.B 2
Wrong usage.
.TP
.B 130
Interrupted. The work was saved; \fB\-\-resume\fR, or the same command, goes on.
.SH EXAMPLES
.nf
tinytranscoder\-cli demo \-\-out demo\-workspace
tinytranscoder\-cli \-\-workspace demo\-workspace graph trace \-\-prompt "Once upon a" \-\-out graph.svg
.fi
.SH "SEE ALSO"
.BR tinytranscoder (1)
)";

} // namespace

std::string manualPage(const CommandReference &program, const std::string &version) {
    std::string out = ".TH TINYTRANSCODER\\-CLI 1 \"\" \"TinyTranscoder " + version +
                      "\" \"User Commands\"\n.SH NAME\ntinytranscoder\\-cli \\- " +
                      roff("train small GPTs and "
                           "transcoders, trace what causes the next word") +
                      "\n.SH SYNOPSIS\n.B tinytranscoder\\-cli\n[\\fIOPTION\\fR]...\n\\fICOMMAND\\fR ...\n" +
                      description + ".SH OPTIONS\n";
    for (const OptionReference &option : program.options)
        out += optionEntry(option);
    out += ".SH COMMANDS\n";
    visitCommands(program, [&](const CommandReference &command) { out += commandEntry(command); });
    return out + ending;
}

} // namespace tt::cli
