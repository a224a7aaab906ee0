#pragma once

#include "app/cli/output.h"
#include "core/io/workspace.h"

#include <CLI/CLI.hpp>

#include <functional>
#include <stop_token>
#include <string>

namespace tt::cli {

/// What every command gets: the global options, output, and the stop that SIGINT and SIGTERM ask for.
struct Context {
    std::string workspaceFolder = "./workspace";
    int threads = 0;
    std::string device = "cpu";
    std::string precision = "fp32";
    uint64_t seed = 0;
    Output output;
    std::stop_token stop;
    /// Set by the chosen subcommand's callback; run after parsing.
    std::function<void()> run;

    [[nodiscard]] Workspace open() const { return Workspace::open(workspaceFolder); }
    [[nodiscard]] Workspace create() const { return Workspace::openOrCreate(workspaceFolder); }
};

/// Each adds its command group to the program.
void addInfo(CLI::App &app, Context &context);
void addDemo(CLI::App &app, Context &context);
void addCorpus(CLI::App &app, Context &context);
void addTokenizer(CLI::App &app, Context &context);
void addGpt(CLI::App &app, Context &context);
void addTranscoder(CLI::App &app, Context &context);
void addFeatures(CLI::App &app, Context &context);
void addGraph(CLI::App &app, Context &context);
void addBench(CLI::App &app, Context &context);
void addIntervene(CLI::App &app, Context &context);
void addImport(CLI::App &app, Context &context);
void addExport(CLI::App &app, Context &context);
void addModel(CLI::App &app, Context &context);

/// Applies "key=value" settings to a training configuration. Throws Error(Usage) for one without '='.
template <class Config>
void applySettings(Config &config, const std::vector<std::string> &settings) {
    for (const std::string &setting : settings) {
        const size_t equals = setting.find('=');
        if (equals == std::string::npos)
            throw Error("--set takes key=value, not \"" + setting + "\".", Error::Kind::Usage);
        config.set(setting.substr(0, equals), setting.substr(equals + 1));
    }
}

} // namespace tt::cli
