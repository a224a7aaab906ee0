#include "app/cli/bench.h"
#include "core/nn/device.h"
#include "core/train/gpt_bench.h"

namespace tt::cli {

namespace {
constexpr int warmupSteps = 2;

struct Options {
    std::string preset = "tiny";
    std::vector<std::string> settings;
    int steps = 5;
};

GptTrainingConfig configuration(const Context &context, const Options &o) {
    GptTrainingConfig config = GptTrainingConfig::fromPreset(o.preset);
    config.seed = context.seed;
    config.threads = context.threads;
    config.precision = context.precision;
    config.device = context.device;
    applySettings(config, o.settings);
    return config;
}

void benchGpt(Context &context, const Options &o) {
    const GptTrainingConfig config = configuration(context, o);
    const bool bf16 = config.precision == "bf16";
    const double peak = measureGemm(bf16) * 1e9;
    const GptStepTimes times = timeGptSteps(config, warmupSteps, o.steps, context.stop, context.output.progress());
    const double seconds = median(times.seconds);
    const double rate = static_cast<double>(config.batch) * config.model.context / seconds;
    Json document{{"tokens_per_second", rate},
                  {"step_seconds", seconds},
                  {"loss", times.loss},
                  {"preset", o.preset},
                  {"precision", config.precision},
                  {"threads", context.threads},
                  {"gflops", times.flops / seconds * 1e-9},
                  {"gemm_peak_gflops", peak * 1e-9}};
    std::string share;
    if (peak > 0) {
        document["peak_share"] = times.flops / seconds / peak;
        share = ", " + figures(100 * times.flops / seconds / peak) + " % of the " + figures(peak * 1e-9) +
                " GFLOP/s that a product alone reaches";
    }
    document["peak_memory_gb"] = peakMemoryGigabytes();
    context.output.result(document, o.preset + ", " + config.precision + ", " + std::to_string(context.threads) +
                                        " threads: " + figures(seconds) + " s a step, " + grouped(rate) + " tokens/s" +
                                        share + ", " + figures(peakMemoryGigabytes()) + " GB at most");
}
} // namespace

void addBenchGpt(CLI::App &group, Context &context) {
    auto o = std::make_shared<Options>();
    CLI::App *sub = group.add_subcommand("gpt", "Steps of training a GPT on random tokens");
    sub->add_option("--preset", o->preset, "tiny, original or small")->capture_default_str();
    sub->add_option("--set", o->settings, "key=value, as for gpt train")->take_all();
    sub->add_option("--steps", o->steps, "Steps timed, after two of warm-up")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    sub->callback([&context, o] { context.run = [&context, o] { benchGpt(context, *o); }; });
}

} // namespace tt::cli
