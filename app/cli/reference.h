#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace tt::cli {

struct Context;

/// The commands and options that there are, read from the parser itself, so that the manual page and the shells'
/// completions say what the program does.
struct OptionReference {
    std::vector<std::string> names; ///< "-h", "--help"; none for a positional
    std::string argument;           ///< "TEXT", of a positional its name; empty for a flag
    std::string range;              ///< "0 to 1", empty where any value will do
    std::string description, preset;
    std::vector<std::string> choices; ///< the only values there are, where there are few
    bool required = false;
    bool several = false; ///< takes one value or more
};

struct CommandReference {
    std::string path; ///< "graph trace"; empty for the program
    std::string description;
    std::vector<OptionReference> options; ///< its own, without those of the program
    std::vector<CommandReference> commands;

    [[nodiscard]] std::string name() const { return path.substr(path.rfind(' ') + 1); }
};

/// The commands that print them.
void addReference(CLI::App &app, Context &context);

/// Without commands and options that are hidden.
CommandReference readReference(const CLI::App &app);

/// Calls `visit` with the command and all below it, in order.
template <class Visit>
void visitCommands(const CommandReference &command, const Visit &visit) {
    visit(command);
    for (const CommandReference &below : command.commands)
        visitCommands(below, visit);
}

/// tinytranscoder-cli(1) in roff.
std::string manualPage(const CommandReference &program, const std::string &version);

/// A script for "bash", "zsh" or "fish".
std::string completion(const CommandReference &program, std::string_view shell);

} // namespace tt::cli
