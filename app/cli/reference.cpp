#include "app/cli/reference.h"

#include "app/cli/context.h"
#include "core/version.h"

#include <iostream>
#include <regex>

namespace tt::cli {

namespace {

std::vector<std::string> splitAtCommas(const std::string &text) {
    std::vector<std::string> parts;
    static const std::regex separator(", *| or ");
    std::copy(std::sregex_token_iterator(text.begin(), text.end(), separator, -1), std::sregex_token_iterator(),
              std::back_inserter(parts));
    return parts;
}

/// Of a type like "TEXT:{fp32,bf16}", else of a description like "tiny, original or small; default tiny".
std::vector<std::string> choicesOf(const std::string &type, const std::string &description) {
    std::smatch found;
    if (std::regex_search(type, found, std::regex(R"(\{(.*)\})")))
        return splitAtCommas(found[1]);
    static const std::regex list("([a-z0-9-]+(?:, [a-z0-9-]+)* or [a-z0-9-]+)(?:;.*)?");
    if (std::regex_match(description, found, list))
        return splitAtCommas(found[1]);
    return {};
}

/// Of a type like "INT:INT in [1 - 1024]".
std::string rangeOf(const std::string &type) {
    std::smatch found;
    return std::regex_search(type, found, std::regex(R"(in \[(\S+) - (\S+)\])"))
               ? found[1].str() + " to " + found[2].str()
               : std::string();
}

OptionReference readOption(const CLI::Option &option) {
    OptionReference out;
    for (const std::string &name : option.get_snames())
        out.names.push_back("-" + name);
    for (const std::string &name : option.get_lnames())
        out.names.push_back("--" + name);
    const std::string type = option.get_type_name();
    const bool takesValue = option.get_items_expected_max() > 0;
    if (out.names.empty())
        out.argument = option.get_single_name();
    else if (takesValue)
        out.argument = type.empty() ? "TEXT" : type.substr(0, type.find_first_of(":("));
    out.range = rangeOf(type);
    out.description = option.get_description();
    out.preset = option.get_default_str();
    out.choices = takesValue ? choicesOf(type, out.description) : std::vector<std::string>();
    out.required = option.get_required();
    out.several = option.get_items_expected_max() > 1;
    return out;
}

CommandReference readCommand(const CLI::App &app, const std::string &path) {
    CommandReference out{.path = path, .description = app.get_description(), .options = {}, .commands = {}};
    for (const CLI::Option *option : app.get_options())
        if (!option->get_group().empty())
            out.options.push_back(readOption(*option));
    for (const CLI::App *below : app.get_subcommands([](const CLI::App *) { return true; }))
        if (!below->get_group().empty())
            out.commands.push_back(
                readCommand(*below, path.empty() ? below->get_name() : path + " " + below->get_name()));
    return out;
}

} // namespace

CommandReference readReference(const CLI::App &app) {
    return readCommand(app, {});
}

void addReference(CLI::App &app, Context &context) {
    auto shell = std::make_shared<std::string>();
    CLI::App *completing = app.add_subcommand("completion", "A shell's completion of these commands, on stdout");
    completing->add_option("shell", *shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    completing->callback([&context, &app, shell] {
        context.run = [&app, shell] { std::cout << completion(readReference(app), *shell); };
    });
    CLI::App *manual = app.add_subcommand("manual-page", "tinytranscoder-cli(1) in roff, on stdout");
    manual->group(""); // for the build only
    manual->callback(
        [&context, &app] { context.run = [&app] { std::cout << manualPage(readReference(app), programVersion); }; });
}

} // namespace tt::cli
