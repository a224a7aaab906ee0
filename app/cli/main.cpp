#include "app/cli/context.h"
#include "app/cli/reference.h"
#include "core/nn/device.h"
#include "core/version.h"

#include <algorithm>
#include <clocale>
#include <csignal>
#include <iostream>
#include <thread>

namespace {

std::stop_source *stopSource = nullptr;

/// Runs on a thread of its own that waits for signals: request_stop() is not allowed in a signal handler.
void waitForSignals(const std::stop_token &done) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    const timespec interval{0, 200'000'000};
    while (!done.stop_requested())
        if (sigtimedwait(&signals, nullptr, &interval) > 0)
            stopSource->request_stop();
}

void blockSignals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

void addGlobalOptions(CLI::App &app, tt::cli::Context &context) {
    app.add_option("--workspace", context.workspaceFolder, "The workspace folder; made if a command writes")
        ->capture_default_str();
    app.add_flag("--json", context.output.json, "One JSON document on stdout; progress goes to stderr");
    app.add_option("--threads", context.threads, "Processor cores to compute on; default all")
        ->check(CLI::Range(1, 1024));
    app.add_option("--device", context.device,
                   "Where a GPT is trained: cpu, or cuda[:i]; the rest is computed on the processor")
        ->capture_default_str();
    app.add_option("--precision", context.precision,
                   "How training multiplies: fp32, or bf16 with float32 sums and weights")
        ->check(CLI::IsMember({"fp32", "bf16"}))
        ->capture_default_str();
    app.add_option("--seed", context.seed, "Seed of everything drawn at random")->capture_default_str();
    app.add_flag("--quiet", context.output.quiet, "No progress on stderr");
    app.set_version_flag("--version", std::string("tinytranscoder-cli ") + tt::programVersion);
}

/// --help and --version print and give 0; a mistake gives one line on stderr and 2.
int finishParsing(const CLI::App &app, const CLI::ParseError &error) {
    if (error.get_exit_code() == 0)
        return app.exit(error, std::cout, std::cerr);
    std::string text = error.what();
    if (const auto unknown = app.remaining(true); !unknown.empty())
        text = "\"" + unknown.front() + "\" is not understood here";
    std::replace(text.begin(), text.end(), '\n', ' ');
    std::cerr << text << (text.ends_with('.') ? "" : ".") << " Run with --help for what there is." << std::endl;
    return 2;
}

int exitCode(const tt::Error &error) {
    switch (error.kind()) {
    case tt::Error::Kind::Usage:
        return 2;
    case tt::Error::Kind::Cancelled:
        return 130;
    case tt::Error::Kind::Failure:
    case tt::Error::Kind::Diverged:
        break;
    }
    return 1;
}

void checkComputing(tt::cli::Context &context) {
    const bool cuda = context.device.starts_with("cuda");
    if (cuda && !tt::hasCudaDevice(context.device))
        throw tt::Error("There is no device " + context.device +
                        " here that LibTorch can use. Leave --device out to compute on the processor.");
    if (context.device != "cpu" && !cuda)
        throw tt::Error("The device " + context.device +
                            " cannot be used: there is cpu, and cuda[:i] for training a GPT. Leave --device out.",
                        context.device == "mps" ? tt::Error::Kind::Failure : tt::Error::Kind::Usage);
    if (context.threads == 0)
        context.threads = tt::hardwareThreads();
    tt::useThreads(context.threads);
}

} // namespace

int main(int argc, char **argv) {
    std::setlocale(LC_ALL, "C");
    std::stop_source source;
    stopSource = &source;
    blockSignals();
    std::jthread signals([](const std::stop_token &done) { waitForSignals(done); });

    tt::cli::Context context;
    context.stop = source.get_token();
    CLI::App app("Train a small GPT and transcoders on its MLPs, and trace which features cause the next word.",
                 "tinytranscoder-cli");
    app.fallthrough();
    app.require_subcommand(1);
    addGlobalOptions(app, context);
    for (const auto add :
         {tt::cli::addInfo, tt::cli::addDemo, tt::cli::addCorpus, tt::cli::addTokenizer, tt::cli::addGpt,
          tt::cli::addTranscoder, tt::cli::addFeatures, tt::cli::addGraph, tt::cli::addBench, tt::cli::addIntervene,
          tt::cli::addImport, tt::cli::addExport, tt::cli::addModel})
        add(app, context);
    tt::cli::addReference(app, context);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError &error) {
        return finishParsing(app, error);
    }
    try {
        checkComputing(context);
        context.run();
        return source.stop_requested() ? 130 : 0;
    } catch (const tt::Error &error) {
        std::cerr << (error.kind() == tt::Error::Kind::Cancelled ? "Stopped." : error.what()) << std::endl;
        return exitCode(error);
    } catch (const std::bad_alloc &) {
        std::cerr << "Memory ran out. A smaller batch, model or dictionary needs less." << std::endl;
    } catch (const std::exception &error) {
        std::cerr << "Something unexpected failed: " << error.what() << std::endl;
    }
    return 1;
}
